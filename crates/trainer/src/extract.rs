//! Images to features: through the frozen backbone once, then from the cache.

use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_dataset::{ImageBatch, ImageSet, Preprocessing, Split};
use graft_report::record::Cached;

use crate::Error;
use crate::batch;
use crate::cache::{self, CacheError, Features, Key, Writer};
use crate::compute::Compute;
use crate::device::Kind;
use crate::home::Home;
use crate::passes::in_batches;
use crate::progress::Progress;
use crate::recipe::{Data, Recipe};
use crate::sources::Loaded;

/// What computes features, and where they are kept.
pub struct Extractor<'a> {
    /// The frozen prefix.
    pub loaded: &'a Loaded,
    /// How an image becomes its input.
    pub recipe: &'a Recipe,
    /// What it computes on.
    pub compute: &'a Compute,
    /// Where the cache is.
    pub home: &'a Home,
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
}

impl Extracted {
    /// Images for which features were had, computed or read, a second.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    pub fn images_per_second(&self) -> f64 {
        self.features.images() as f64 / self.seconds
    }
}

impl Extractor<'_> {
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
        let path = key.path(&self.home.cache());
        let (features, cached) = match Features::open(&path, &key) {
            Ok(features) => {
                cache::touch(&path);
                (features, Cached::Hit)
            }
            Err(error @ CacheError::File(_)) => return Err(error.into()),
            Err(error) => {
                if let CacheError::Corrupt { .. } = error {
                    tracing::warn!("{error}; computing them anew");
                }
                self.fill(set, split, &path, &key)?;
                (Features::open(&path, &key)?, Cached::Miss)
            }
        };
        Ok(Extracted {
            features,
            key,
            path,
            cached,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Computes all features and writes them as one entry.
    fn fill(&self, set: &ImageSet, split: Split, path: &Path, key: &Key) -> Result<(), Error> {
        let Preprocessing { size, .. } = self.recipe.preprocessing;
        let shape = self.loaded.prefix.boundary().feature_shape(size, size)?;
        let bytes = (key.dtype.bytes() * set.len() * shape.iter().product::<usize>()) as u64;
        let (cache, devices) = (self.home.cache(), self.home.devices());
        for abandoned in graft_durable::sweep(&cache) {
            tracing::info!("deleted the abandoned {}", abandoned.display());
        }
        for deleted in cache::make_room(&cache, bytes, cache::LIMIT)? {
            tracing::warn!(
                "deleted {}, unused for longest, to keep the cache small",
                deleted.display()
            );
        }
        let mut writer = Writer::create(path, key, shape)?;
        let mut progress = Progress::new(&label(&self.recipe.data, split), set.len());
        let prefix = &self.loaded.prefix;
        let one = self.recipe.preprocessing.batch(set, 0..set.len().min(1))?;
        let batch = batch::best(prefix, self.compute, set.len(), &one, &devices)?.min(set.len());
        // A card compiles and tunes for every number of images anew.
        let fills = self.compute.adapter.kind != Kind::Processor;
        let submit = |range, batch| {
            let images = self.recipe.preprocessing.batch(set, range)?;
            prefix.submit(if fills { filled(images, batch) } else { images })
        };
        let width: usize = shape.iter().product();
        let did = in_batches(set.len(), batch, submit, |range, features| {
            writer.append(&features[..range.len() * width])?;
            progress.advance(range.len());
            Ok(())
        });
        match did {
            Ok(did) if did == batch => {}
            Ok(did) => batch::at_most(prefix, self.compute, size, did, &devices)?,
            Err(error @ Error::DeviceLost(_)) => {
                batch::at_most(prefix, self.compute, size, batch / 2, &devices)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        progress.finish();
        Ok(writer.finish()?)
    }
}

/// The images, the first of them repeated at the end until there are `batch`.
fn filled(mut images: ImageBatch, batch: usize) -> ImageBatch {
    let [count, channels, height, width] = images.shape;
    for _ in count..batch {
        images
            .values
            .extend_from_within(..channels * height * width);
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
