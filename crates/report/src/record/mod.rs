//! What a run's folder holds: the types that are written into it, and reading them back with every
//! file checked. Reports are made from this alone, so they can be made on another machine.
//!
//! A run is complete when its [`SUMS`] are there; they are written last.

#[cfg(test)]
mod damage;
mod epoch;
mod error;
mod evaluated;
mod explained;
#[cfg(test)]
pub(crate) mod fixture;
mod layer;
mod manifest;
mod picture;
mod predictions;
mod read;
mod sums;

pub use epoch::{Epoch, Scores, epochs_to_csv};
pub use error::RecordError;
pub use evaluated::{Evaluated, NoneOfThese};
pub use explained::{Alike, Explained, Looked};
pub use layer::{Layer, LayerKind, Part};
pub use manifest::{
    CacheEntry, Cached, Data, Forecast, HeadHashes, MNIST, Machine, Manifest, Origin, StageHashes,
    Stages, ViewFeatures, WeightHashes,
};
pub use picture::{Channel, Picture, Prepared, Samples};
pub use predictions::{MOST_CONFIDENT, Prediction, Predictions};
pub use read::{Record, Tested, read_json, read_manifest};
pub use sums::Sums;

/// The complete recipe.
pub const RECIPE: &str = "recipe.toml";
/// The newest checkpoint; a run that is not complete can be resumed where it is there.
pub const LATEST: &str = "checkpoints/latest";
/// One JSON object an epoch, [`Epoch`].
pub const METRICS: &str = "metrics.jsonl";
/// The same for spreadsheets.
pub const METRICS_CSV: &str = "metrics.csv";
/// The trained head.
pub const HEAD: &str = "head.safetensors";
/// The mean features of each class, and below which similarity to them a picture is of none; where there were
/// images held out.
pub const CLASS_MEANS: &str = "class-means.safetensors";
/// The folder of the stages that were trained, where there are any: files as in a weights folder.
pub const STAGES: &str = "stages";
/// Digits to look at, [`Samples`].
pub const SAMPLES: &str = "samples.json";
/// The folder of the files below.
pub const PREDICTIONS: &str = "predictions";
/// What the kept head made of the training images, [`Predictions`].
pub const TRAIN_PREDICTIONS: &str = "predictions/train.csv";
/// What it made of the held-out images, where there are any.
pub const VALIDATION_PREDICTIONS: &str = "predictions/validation.csv";
/// What it made of the test images, once they were opened.
pub const TEST_PREDICTIONS: &str = "predictions/test.csv";
/// The [`Manifest`].
pub const MANIFEST: &str = "manifest.json";
/// The record of an evaluation on the test images, [`Evaluated`].
pub const EVALUATION: &str = "evaluation.json";
/// Mistakes on the test images, the [`MOST_CONFIDENT`] first: a list of [`Picture`]s.
pub const MISTAKES: &str = "mistakes.json";
/// What can be seen of why the most confident of these were made: a list of [`Explained`]; earlier versions wrote none.
pub const EXPLAINED: &str = "explained.json";
/// SHA-256 of every file of the record, as `sha256sum --check` reads it; written last.
pub const SUMS: &str = "SHA256SUMS";
