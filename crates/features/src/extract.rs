//! Images to features: through the frozen backbone once, then from the cache.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_compute::device::Kind;
use graft_compute::{ComputeContext, LoadedBackbone};
use graft_dataset::{ImageBatch, ImageSet, Split};
use graft_environment::progress::Progress;
use graft_environment::{Paths, interrupt};
use graft_recipe::{Data, Recipe};
use graft_report::record::Cached;

use crate::key::hash;
use crate::{Error, Features, Key, View, Writer, cache, pipelined};

/// What computes features, and where they are kept.
pub struct Extractor<'a> {
    loaded: &'a LoadedBackbone,
    recipe: &'a Recipe,
    compute: &'a ComputeContext,
    paths: &'a Paths,
}

/// The features of a set, and how they were had.
pub struct Extracted {
    /// The features, on disk.
    pub features: Features,
    /// What they depend on.
    pub key: Key,
    /// Where they lie.
    pub path: PathBuf,
    /// Whether they were there.
    pub cached: Cached,
    /// Images whose features were computed; the others' were there.
    pub computed: usize,
    /// How long it took.
    pub seconds: f64,
}

impl Extracted {
    /// Images a second: of those that were computed, or, where all were there, of all that were read.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    pub fn images_per_second(&self) -> f64 {
        let images = match self.cached {
            Cached::Hit => self.features.images(),
            Cached::Miss => self.computed,
        };
        images as f64 / self.seconds
    }
}

impl<'a> Extractor<'a> {
    /// What turns images into the features of `loaded`, as `recipe` has it, with a cache in `paths`.
    #[must_use]
    pub fn new(
        loaded: &'a LoadedBackbone,
        recipe: &'a Recipe,
        compute: &'a ComputeContext,
        paths: &'a Paths,
    ) -> Self {
        Self {
            loaded,
            recipe,
            compute,
            paths,
        }
    }

    /// The features of `set`, from the cache where they are there and good, else computed and
    /// cached.
    ///
    /// # Errors
    /// When an image is too small for the backbone, the device fails, or the cache cannot be
    /// written.
    pub fn features(&self, set: &ImageSet, split: Split) -> Result<Extracted, Error> {
        let started = Instant::now();
        let key = self.key(set)?;
        let images = Images {
            len: set.len(),
            label: label(&self.recipe.data, split),
            batch: &|range| self.recipe.preprocessing.batch(set, range),
        };
        self.extracted(&images, key, started)
    }

    /// The features of the recipe's views of the images of `set` at some indices, but for the first view,
    /// which is the images themselves.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn views(
        &self,
        set: &ImageSet,
        indices: &[usize],
        split: Split,
    ) -> Result<Vec<Extracted>, Error> {
        let (augmentation, preprocessing) = (self.recipe.augmentation, self.recipe.preprocessing);
        let numbers = 1..=augmentation.changed_views();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let width = self.loaded.frozen.width(preprocessing.size)?;
        let bytes = indices.len() * width * self.recipe.backbone.dtype.bytes();
        cache::foresee(numbers.clone().count(), bytes as u64);
        let hash = hash(set, indices.iter().copied());
        let plain = self.key(set)?;
        let view = |number| {
            let started = Instant::now();
            let key = plain.of_view(View::new(augmentation, number, split), &hash, indices.len());
            let of = label(&self.recipe.data, split);
            let images = Images {
                len: indices.len(),
                label: format!("{of}, view {number} of {}", numbers.end()),
                batch: &|range: Range<usize>| {
                    let length = range.len();
                    let view = match split {
                        Split::Train => augmentation.view(set, indices, range, number),
                        Split::Test => augmentation.test_views(set, &indices[range], number),
                    };
                    preprocessing.batch(&view?, 0..length)
                },
            };
            self.extracted(&images, key, started)
        };
        numbers.clone().map(view).collect()
    }

    fn key(&self, set: &ImageSet) -> Result<Key, Error> {
        let preprocessing = self.recipe.preprocessing;
        preprocessing.check(set.rows(), set.columns())?;
        let LoadedBackbone { frozen, hashes, .. } = self.loaded;
        Ok(Key::new(
            set,
            hashes,
            preprocessing,
            frozen.boundary(),
            self.recipe.backbone.dtype,
            self.compute.backend,
            frozen.version(),
        ))
    }

    /// The entry of `key`, which is filled with the features of `images` where it is not there.
    fn extracted(&self, images: &Images, key: Key, started: Instant) -> Result<Extracted, Error> {
        let path = key.path(&self.paths.cache());
        let (features, computed) = match Features::open(&path, &key) {
            Ok(features) => (features, 0),
            Err(error) => {
                if !matches!(error, Error::Missing(_)) {
                    tracing::warn!("{error}; computing it anew");
                }
                self.fill(images, &path, &key)?
            }
        };
        cache::touch(&path);
        Ok(Extracted {
            features,
            key,
            path,
            cached: if computed == 0 {
                Cached::Hit
            } else {
                Cached::Miss
            },
            computed,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Computes the features that are in no shard yet; also returns how many images these were.
    fn fill(&self, images: &Images, path: &Path, key: &Key) -> Result<(Features, usize), Error> {
        let size = self.recipe.preprocessing.size;
        let map = self.loaded.frozen.map(size);
        let mut writer = Writer::open(path, key, map?)?;
        interrupt::watch()?;
        let there = writer.images();
        let mut progress = Progress::new(&images.label, images.len);
        progress.skip(there);
        while let Some(range) = writer.missing() {
            self.pass(images, range, |images, features| {
                writer.append(&features)?;
                progress.advance(images);
                Ok(())
            })?;
        }
        drop(progress);
        Ok((writer.finish()?, images.len - there))
    }

    /// Passes the images of `range` through the backbone, and hands over their features in order.
    fn pass(
        &self,
        images: &Images,
        range: Range<usize>,
        mut take: impl FnMut(usize, Vec<f32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (frozen, compute) = (&self.loaded.frozen, self.compute);
        let (size, done) = (self.recipe.preprocessing.size, range.start);
        let batch = frozen.batch(compute, size).min(range.len());
        // A GPU compiles and tunes for every number of images anew.
        let fills = compute.adapter.kind != Kind::Cpu;
        let submit = |range: Range<usize>, batch| {
            interrupt::go_on()?;
            let images = (images.batch)(done + range.start..done + range.end)?;
            Ok(frozen.submit(if fills { filled(images, batch) } else { images })?)
        };
        let width = frozen.width(size)?;
        pipelined(range.len(), batch, submit, |range, mut features| {
            features.truncate(range.len() * width);
            take(range.len(), features)
        })?;
        Ok(())
    }
}

/// Images on their way through the backbone.
struct Images<'a> {
    len: usize,
    /// What is under way, for the progress line.
    label: String,
    /// Those of a range, as the backbone takes them.
    batch: &'a dyn Fn(Range<usize>) -> Result<ImageBatch, graft_dataset::Error>,
}

/// The images, the first of them repeated at the end until there are `batch`.
fn filled(mut images: ImageBatch, batch: usize) -> ImageBatch {
    let [count, channels, height, width] = images.shape;
    let image = channels * height * width;
    for _ in count..batch {
        images.values.extend_from_within(..image);
    }
    images.shape = [batch.max(count), channels, height, width];
    images
}

/// What is under way, for the progress line.
fn label(data: &Data, split: Split) -> String {
    let source = Path::new(&data.source).file_name().unwrap_or_default();
    let images = match split {
        Split::Train => "training",
        Split::Test => "test",
    };
    format!("features of {}'s {images} images", source.display())
}
