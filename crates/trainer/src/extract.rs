//! Images to features: through the frozen backbone once, then from the cache.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use graft_dataset::{ImageBatch, ImageSet, Preprocessing, Split};

use crate::Error;
use crate::backend::Backend;
use crate::cache::{CacheError, Features, Key, Writer};
use crate::examples::read;
use crate::progress::Progress;
use crate::recipe::{Data, Recipe};
use crate::sources::Loaded;

/// Images in one forward pass. Larger batches were no faster on the CPU and cost memory.
const BATCH: usize = 32;

/// Whether the cache had the features already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cached {
    /// It had.
    Hit,
    /// It had not: every image went through the backbone.
    Miss,
}

impl Cached {
    /// `hit` or `miss`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// What computes features, and where they are kept.
pub struct Extractor<'a> {
    /// The frozen prefix.
    pub loaded: &'a Loaded,
    /// How an image becomes its input.
    pub recipe: &'a Recipe,
    /// What it computes on.
    pub backend: Backend,
    /// The device it lies on.
    pub device: &'a Device,
    /// The cache folder.
    pub cache: &'a Path,
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
        self.features.len() as f64 / self.seconds
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
        let Loaded {
            backbone, hashes, ..
        } = self.loaded;
        let key = Key::new(
            set,
            hashes,
            preprocessing,
            backbone.boundary(),
            self.backend,
        );
        let label = label(&self.recipe.data, split);
        let path = key.path(self.cache, &label);
        let (features, cached) = match Features::open(&path, &key) {
            Ok(features) => (features, Cached::Hit),
            Err(error @ CacheError::File(_)) => return Err(error.into()),
            Err(error) => {
                if let CacheError::Corrupt { .. } = error {
                    tracing::warn!("{error}; computing them anew");
                }
                self.fill(set, &label, &path, &key)?;
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
    fn fill(&self, set: &ImageSet, label: &str, path: &Path, key: &Key) -> Result<(), Error> {
        let Preprocessing { size, .. } = self.recipe.preprocessing;
        let shape = self.loaded.backbone.boundary().feature_shape(size, size)?;
        let mut writer = Writer::create(path, key, shape)?;
        let mut progress = Progress::new(&format!("features of {label}"), set.len());
        for start in (0..set.len()).step_by(BATCH) {
            let range = start..set.len().min(start + BATCH);
            progress.advance(range.len());
            let images = self.recipe.preprocessing.batch(set, range)?;
            writer.append(&self.forward(images)?)?;
        }
        progress.finish();
        Ok(writer.finish()?)
    }

    /// One forward pass: the features of a batch, flattened row by row.
    ///
    /// # Errors
    /// When an image is too small for the backbone, or the device fails.
    pub fn forward(&self, images: ImageBatch) -> Result<Vec<f32>, Error> {
        let images =
            Tensor::<4>::from_data(TensorData::new(images.values, images.shape), self.device);
        let features = self.loaded.backbone.features(images)?; // [batch, channels, height, width]
        read(features)
    }
}

/// What a set is called in progress lines and file names: its source and its split.
fn label(data: &Data, split: Split) -> String {
    let source = Path::new(&data.source)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let split = match split {
        Split::Train => "train",
        Split::Test => "test",
    };
    format!("{}-{split}", source.chars().map(keep).collect::<String>())
}
