//! Images to features: through the frozen backbone once, then from the cache.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use graft_compute::device::Kind;
use graft_compute::{ComputeContext, Engine, LoadedBackbone};
use graft_dataset::{ImageBatch, ImageSet, Split};
use graft_environment::progress::Progress;
use graft_environment::{Paths, interrupt};
use graft_recipe::{Data, Recipe};
use graft_report::record::Cached;

use crate::dtype::encode;
use crate::reuse::{Digests, Reused};
use crate::{Error, Features, Key, Views, Writer, cache, pipelined};

/// How many values of features are copied at once.
const COPIED: usize = 1 << 20;

/// What computes features, and where they are kept.
pub struct Extractor<'a> {
    pub(crate) loaded: &'a LoadedBackbone,
    pub(crate) recipe: &'a Recipe,
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
    /// Of these others, those that entries for other sets had.
    pub reused: usize,
    /// How long it took, once the key was known.
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
        self.features_of(set, self.key(set)?, split)
    }

    /// The same, where what they depend on is known.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn features_of(&self, set: &ImageSet, key: Key, split: Split) -> Result<Extracted, Error> {
        let images = Images {
            len: set.len(),
            label: label(&self.recipe.data, split),
            batch: &|places| {
                let places = places.iter().copied();
                self.recipe.preprocessing.batch(set, places)
            },
            set: Some(set),
        };
        self.extracted(&images, key)
    }

    /// The features of the first `count` images of `set`: computed now, hashed and written to the cache's disk, but
    /// kept in memory alone. That tells how long it takes.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn sample(&self, set: &ImageSet, count: usize) -> Result<Features, Error> {
        let places: Vec<usize> = (0..count.min(set.len())).collect();
        let images = Images {
            len: places.len(),
            set: None,
            label: String::new(),
            batch: &|places| self.recipe.preprocessing.batch(set, places.iter().copied()),
        };
        let mut rows = Vec::new();
        self.pass(&images, &places, |_, features| {
            rows.extend_from_slice(features);
            Ok(())
        })?;
        let features = Features::held(&rows, rows.len() / places.len());
        let bytes = encode(self.recipe.backbone.dtype, &rows).map_err(Error::TooLarge)?;
        graft_durable::write_unnamed(&self.paths.cache(), &bytes)?;
        Ok(features)
    }

    /// The recipe's views of the images of `set` at some indices.
    ///
    /// # Errors
    /// When an image is too small for the backbone.
    pub fn views<'b>(
        &'b self,
        set: &'b ImageSet,
        indices: &'b [usize],
        split: Split,
    ) -> Result<Views<'b>, Error> {
        Ok(Views {
            width: self.loaded.frozen.width(self.recipe.preprocessing.size)?,
            count: self.recipe.augmentation.changed_views(),
            extractor: self,
            set,
            indices,
            split,
            keys: OnceLock::new(),
        })
    }

    /// The code that computes, with its version: a part of every key.
    #[must_use]
    pub fn engine(&self) -> String {
        self.loaded.frozen.version()
    }

    /// What the features of `set` depend on.
    ///
    /// # Errors
    /// When an image is too small for the backbone.
    pub fn key(&self, set: &ImageSet) -> Result<Key, Error> {
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
    pub(crate) fn extracted(&self, images: &Images, key: Key) -> Result<Extracted, Error> {
        let started = Instant::now();
        let path = key.path(&self.paths.cache());
        let (features, computed, reused) = match Features::open(&path, &key) {
            Ok(features) => {
                if let Some(set) = images.set.filter(|_| !Digests::are_in(&path)) {
                    Digests::of(set).write(&path)?;
                }
                (features, 0, 0)
            }
            Err(error @ (Error::Missing(_) | Error::Corrupt { .. })) => {
                if !matches!(error, Error::Missing(_)) {
                    tracing::warn!("{error}; computing it anew");
                }
                self.fill(images, &path, &key)?
            }
            Err(error) => return Err(error),
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
            reused,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Writes the features that are in no shard yet: computes those that no entry for another set has. Also
    /// returns how many images these were, and of how many others had them.
    fn fill(
        &self,
        images: &Images,
        path: &Path,
        key: &Key,
    ) -> Result<(Features, usize, usize), Error> {
        let size = self.recipe.preprocessing.size;
        let map = self.loaded.frozen.map(size)?;
        // Before space is made, for that may delete what others have; what is mapped stays.
        let digests = images.set.map(Digests::of);
        let reused = match &digests {
            Some(digests) => Reused::find(&self.paths.cache(), key, digests)?,
            None => Reused::default(),
        };
        let mut writer = Writer::open(path, key, map)?;
        interrupt::watch()?;
        if let Some(digests) = &digests {
            digests.write(path)?;
        }
        let there = writer.images();
        let mut progress = Progress::new(&images.label, images.len);
        progress.skip(there);
        let (mut computed, mut taken) = (0, 0);
        while let Some(range) = writer.missing() {
            let (known, new): (Vec<usize>, _) = range.clone().partition(|image| reused.has(*image));
            (computed, taken) = (computed + new.len(), taken + known.len());
            progress.skip(known.len());
            let mut next = range.start;
            self.pass(images, &new, |image, features| {
                interrupt::go_on()?;
                copy(&reused, next..image, &mut writer)?;
                writer.append(features)?;
                progress.advance(1);
                next = image + 1;
                Ok(())
            })?;
            copy(&reused, next..range.end, &mut writer)?;
        }
        drop(progress);
        Ok((writer.finish()?, computed, taken))
    }

    /// Passes the images at some `places` through the backbone, and hands over the features of each, in order.
    pub(crate) fn pass(
        &self,
        images: &Images,
        places: &[usize],
        mut take: impl FnMut(usize, &[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (frozen, compute) = (&self.loaded.frozen, self.compute);
        let size = self.recipe.preprocessing.size;
        let batch = frozen.batch(compute, size).min(places.len());
        // On a GPU Burn compiles and tunes for every number of images anew.
        let fills = compute.engine == Engine::Burn && compute.adapter.kind != Kind::Cpu;
        let submit = |range: Range<usize>, batch| {
            let images = (images.batch)(&places[range])?;
            Ok(frozen.submit(if fills { filled(images, batch) } else { images })?)
        };
        let width = frozen.width(size)?;
        pipelined(places.len(), batch, submit, |range, features| {
            for (place, row) in places[range].iter().zip(features.chunks_exact(width)) {
                take(*place, row)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Appends the features of some images that other entries have.
fn copy(reused: &Reused, images: Range<usize>, writer: &mut Writer) -> Result<(), Error> {
    let at_once = (COPIED / reused.width().max(1)).max(1);
    for start in images.clone().step_by(at_once) {
        interrupt::go_on()?;
        writer.append(&reused.rows(start..images.end.min(start + at_once))?)?;
    }
    Ok(())
}

/// Images on their way through the backbone.
pub(crate) struct Images<'a> {
    pub(crate) len: usize,
    /// The set, where they are its images as they are: other entries may have the same ones.
    pub(crate) set: Option<&'a ImageSet>,
    /// What is under way, for the progress line.
    pub(crate) label: String,
    /// Those at some places, as the backbone takes them.
    pub(crate) batch: &'a dyn Fn(&[usize]) -> Result<ImageBatch, graft_dataset::Error>,
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
pub(crate) fn label(data: &Data, split: Split) -> String {
    let source = Path::new(&data.source).file_name().unwrap_or_default();
    let images = match split {
        Split::Train => "training",
        Split::Test => "test",
    };
    format!("features of {}'s {images} images", source.display())
}
