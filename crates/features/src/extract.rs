//! Images to features: through the frozen backbone once, then from the cache.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_compute::device::Kind;
use graft_compute::{Compute, Loaded, batch};
use graft_dataset::{ImageBatch, ImageSet, Preprocessing, Split};
use graft_environment::progress::Progress;
use graft_environment::{Paths, interrupt};
use graft_recipe::{Data, Recipe};
use graft_report::record::Cached;

use crate::passes::in_batches;
use crate::{CacheError, Error, Features, Key, Shards, room};

/// What computes features, and where they are kept.
pub struct Extractor<'a> {
    /// The frozen prefix.
    pub loaded: &'a Loaded,
    /// How an image becomes its input.
    pub recipe: &'a Recipe,
    /// What it computes on.
    pub compute: &'a Compute,
    /// Where the cache is.
    pub paths: &'a Paths,
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
    /// How long it took.
    pub seconds: f64,
    /// Images whose features were there in shards.
    resumed: usize,
}

impl Extracted {
    /// Images for which features were had, computed or read, a second.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    pub fn images_per_second(&self) -> f64 {
        (self.features.images() - self.resumed) as f64 / self.seconds
    }
}

impl<'a> Extractor<'a> {
    /// What turns images into the features of `loaded`, as `recipe` has it, with a cache in `paths`.
    #[must_use]
    pub fn new(
        loaded: &'a Loaded,
        recipe: &'a Recipe,
        compute: &'a Compute,
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
        let Loaded { prefix, hashes, .. } = self.loaded;
        let (boundary, engine) = (prefix.boundary(), prefix.version());
        let dtype = self.recipe.backbone.dtype;
        let key = Key::new(
            set,
            hashes,
            preprocessing,
            boundary,
            dtype,
            self.compute.backend,
            engine,
        );
        let path = key.path(&self.paths.cache());
        let (features, cached, resumed) = match cached(&path, &key)? {
            Some(features) => (features, Cached::Hit, 0),
            None => self.fill(set, split, &path, &key)?,
        };
        Ok(Extracted {
            features,
            key,
            path,
            cached,
            seconds: started.elapsed().as_secs_f64(),
            resumed,
        })
    }

    /// Computes all features that are in no shard yet and writes them as one entry, unless another
    /// process was about to: then its entry is waited for.
    fn fill(
        &self,
        set: &ImageSet,
        split: Split,
        path: &Path,
        key: &Key,
    ) -> Result<(Features, Cached, usize), Error> {
        let _lock = room::take(path)?;
        // Another process may have been faster.
        if let Ok(features) = Features::open(path, key) {
            return Ok((features, Cached::Hit, 0));
        }
        let Preprocessing { size, .. } = self.recipe.preprocessing;
        let map = self
            .loaded
            .prefix
            .boundary()
            .feature_shape(size, size)
            .map_err(graft_compute::Error::from)?;
        let mut shards = Shards::open(path, key, map);
        let entry = shards.entry_bytes();
        room::clear_for(&self.paths.cache(), entry, 2 * entry - shards.bytes())?;
        interrupt::watch()?;
        let mut progress = Progress::new(&label(&self.recipe.data, split), set.len());
        let done = shards.images();
        progress.advance(done);
        self.pass(set, done, |range, features| {
            shards.append(&features)?;
            progress.advance(range.len());
            Ok(())
        })?;
        progress.finish();
        shards.finish(path)?;
        Ok((Features::open(path, key)?, Cached::Miss, done))
    }

    /// Passes all images but the first `done` through the backbone, and hands over their features.
    fn pass(
        &self,
        set: &ImageSet,
        done: usize,
        mut take: impl FnMut(Range<usize>, Vec<f32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (prefix, compute, devices) = (&self.loaded.prefix, self.compute, self.paths.devices());
        let (preprocessing, left) = (self.recipe.preprocessing, set.len() - done);
        if left == 0 {
            return Ok(());
        }
        let one = preprocessing.batch(set, done..done + 1)?;
        let batch = batch::best(prefix, compute, left, &one, &devices)?.min(left);
        // A card compiles and tunes for every number of images anew.
        let fills = compute.adapter.kind != Kind::Processor;
        let submit = |range: Range<usize>, batch| {
            interrupt::go_on()?;
            let images = preprocessing.batch(set, done + range.start..done + range.end)?;
            Ok(prefix.submit(if fills { filled(images, batch) } else { images })?)
        };
        let width = prefix.width(preprocessing.size)?;
        let did = in_batches(left, batch, submit, |range, mut features| {
            features.truncate(range.len() * width);
            take(range, features)
        });
        let at_most = |batch| {
            batch::at_most(prefix, compute, preprocessing.size, batch, &devices)
                .map_err(Error::from)
        };
        match did {
            Ok(did) if did == batch => Ok(()),
            Ok(did) => at_most(did),
            Err(error @ Error::Compute(graft_compute::Error::DeviceLost(_))) => {
                at_most(batch / 2)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// The entry at `path`, if it is there and good.
fn cached(path: &Path, key: &Key) -> Result<Option<Features>, Error> {
    match Features::open(path, key) {
        Ok(features) => {
            crate::touch(path);
            Ok(Some(features))
        }
        Err(CacheError::Missing(_)) => Ok(None),
        Err(error @ CacheError::Corrupt { .. }) => {
            tracing::warn!("{error}; computing them anew");
            Ok(None)
        }
        Err(error) => Err(error.into()),
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
    let source = Path::new(&data.source)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    match split {
        Split::Train => format!("features of {source}'s training images"),
        Split::Test => format!("features of {source}'s test images"),
    }
}
