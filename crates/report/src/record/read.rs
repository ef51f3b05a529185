//! A complete record, read back and checked.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::sums::TRAIN_AGAIN;
use super::{
    EVALUATION, EXPLAINED, Epoch, Evaluated, Explained, MANIFEST, METRICS, MISTAKES, Manifest,
    Picture, Predictions, RECIPE, RecordError, SAMPLES, Samples, Sums, TEST_PREDICTIONS,
    TRAIN_PREDICTIONS, VALIDATION_PREDICTIONS,
};

/// A run, as its folder tells it.
#[derive(Debug, Clone)]
pub struct Record {
    /// The folder.
    pub folder: PathBuf,
    /// What was run, on what, with what.
    pub manifest: Manifest,
    /// The complete recipe.
    pub recipe: toml::Table,
    /// One an epoch.
    pub epochs: Vec<Epoch>,
    /// Digits to look at.
    pub samples: Samples,
    /// What the kept head made of the training images.
    pub train: Predictions,
    /// What it made of the held-out images.
    pub validation: Option<Predictions>,
    /// What it made of the test images, once they were opened.
    pub test: Option<Tested>,
}

/// An evaluation on the test images.
#[derive(Debug, Clone)]
pub struct Tested {
    /// When, and the figures.
    pub evaluated: Evaluated,
    /// What they were computed from.
    pub predictions: Predictions,
    /// Mistakes, the [`MOST_CONFIDENT`](super::MOST_CONFIDENT) first.
    pub mistakes: Vec<Picture>,
    /// What can be seen of why the most confident of them were made.
    pub explained: Vec<Explained>,
}

impl Record {
    /// Reads the run in `folder`. Every file is compared with its hash; the figures of the evaluation
    /// are computed from the predictions.
    ///
    /// # Errors
    /// When the run is not complete, a file is missing or not as it was written, or the record has
    /// the layout of another version.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        loop {
            let sums = Sums::read(folder)?;
            match Self::read_listed(folder, &sums) {
                // An evaluation has replaced files meanwhile.
                Err(_) if Sums::read(folder)? != sums => {}
                read => return read,
            }
        }
    }

    fn read_listed(folder: &Path, sums: &Sums) -> Result<Self, RecordError> {
        let manifest = read_manifest(folder, sums)?;
        sums.verify(folder)?;
        let text = |name: &str| {
            String::from_utf8(sums.open(folder, name)?)
                .map_err(|error| damaged(folder, name, &error))
        };
        let predictions = |name: &str| Predictions::from_csv(&folder.join(name), &text(name)?);
        let tested = || -> Result<Tested, RecordError> {
            let predictions = predictions(TEST_PREDICTIONS)?;
            let mut evaluated: Evaluated = read_json(folder, EVALUATION, sums)?;
            evaluated.evaluation = predictions
                .evaluate()
                .map_err(|error| damaged(folder, TEST_PREDICTIONS, &error))?;
            Ok(Tested {
                evaluated,
                predictions,
                mistakes: read_json(folder, MISTAKES, sums)?,
                explained: if sums.has(EXPLAINED) {
                    read_json(folder, EXPLAINED, sums)?
                } else {
                    Vec::new()
                },
            })
        };
        let epochs = text(METRICS)?;
        let epochs = epochs.lines().map(serde_json::from_str);
        Ok(Self {
            folder: folder.to_owned(),
            recipe: text(RECIPE)?
                .parse()
                .map_err(|error: toml::de::Error| damaged(folder, RECIPE, &error.message()))?,
            epochs: epochs
                .collect::<Result<_, _>>()
                .map_err(|error| damaged(folder, METRICS, &error))?,
            samples: read_json(folder, SAMPLES, sums)?,
            train: predictions(TRAIN_PREDICTIONS)?,
            validation: (manifest.validated_on > 0)
                .then(|| predictions(VALIDATION_PREDICTIONS))
                .transpose()?,
            test: sums.has(EVALUATION).then(tested).transpose()?,
            manifest,
        })
    }
}

/// Reads the manifest of the run in `folder`.
///
/// # Errors
/// As [`Record::read`].
pub fn read_manifest(folder: &Path, sums: &Sums) -> Result<Manifest, RecordError> {
    let path = folder.join(MANIFEST);
    if !path.exists() {
        return Err(RecordError::Incomplete {
            folder: folder.to_owned(),
            missing: MANIFEST,
        });
    }
    let format: Format = read_json(folder, MANIFEST, sums)?;
    if format.format != Manifest::FORMAT {
        return Err(RecordError::Format {
            path,
            expected: Manifest::FORMAT,
            found: format.format,
        });
    }
    read_json(folder, MANIFEST, sums)
}

/// The part of a manifest that every version has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// Reads a JSON file of the run in `folder`.
///
/// # Errors
/// When it is missing, is not the one that was written, or does not hold a `T`.
pub fn read_json<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
    sums: &Sums,
) -> Result<T, RecordError> {
    let bytes = sums.open(folder, name)?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(folder, name, &error))
}

fn damaged(folder: &Path, name: &str, error: &impl ToString) -> RecordError {
    RecordError::Damaged {
        path: folder.join(name),
        expected: format!("a {name} of this version"),
        found: error.to_string(),
        next: TRAIN_AGAIN,
    }
}
