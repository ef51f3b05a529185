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

use crate::{Error, Features, Key, Writer, cache, pipelined};

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
        let preprocessing = self.recipe.preprocessing;
        preprocessing.check(set.rows(), set.columns())?;
        let LoadedBackbone { frozen, hashes, .. } = self.loaded;
        let key = Key::new(
            set,
            hashes,
            preprocessing,
            frozen.boundary(),
            self.recipe.backbone.dtype,
            self.compute.backend,
            frozen.version(),
        );
        let path = key.path(&self.paths.cache());
        let (features, computed) = match Features::open(&path, &key) {
            Ok(features) => (features, 0),
            Err(error) => {
                if !matches!(error, Error::Missing(_)) {
                    tracing::warn!("{error}; computing it anew");
                }
                self.fill(set, split, &path, &key)?
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
    fn fill(
        &self,
        set: &ImageSet,
        split: Split,
        path: &Path,
        key: &Key,
    ) -> Result<(Features, usize), Error> {
        let size = self.recipe.preprocessing.size;
        let map = self.loaded.frozen.map(size);
        let mut writer = Writer::open(path, key, map?)?;
        interrupt::watch()?;
        let there = writer.images();
        let mut progress = Progress::new(&label(&self.recipe.data, split), set.len());
        progress.skip(there);
        while let Some(range) = writer.missing() {
            self.pass(set, range, |images, features| {
                writer.append(&features)?;
                progress.advance(images);
                Ok(())
            })?;
        }
        drop(progress);
        Ok((writer.finish()?, set.len() - there))
    }

    /// Passes the images of `range` through the backbone, and hands over their features in order.
    fn pass(
        &self,
        set: &ImageSet,
        range: Range<usize>,
        mut take: impl FnMut(usize, Vec<f32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (frozen, compute) = (&self.loaded.frozen, self.compute);
        let (preprocessing, done) = (self.recipe.preprocessing, range.start);
        let batch = frozen.batch(compute, preprocessing.size).min(range.len());
        // A GPU compiles and tunes for every number of images anew.
        let fills = compute.adapter.kind != Kind::Cpu;
        let submit = |range: Range<usize>, batch| {
            interrupt::go_on()?;
            let images = preprocessing.batch(set, done + range.start..done + range.end)?;
            Ok(frozen.submit(if fills { filled(images, batch) } else { images })?)
        };
        let width = frozen.width(preprocessing.size)?;
        pipelined(range.len(), batch, submit, |range, mut features| {
            features.truncate(range.len() * width);
            take(range.len(), features)
        })?;
        Ok(())
    }
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
