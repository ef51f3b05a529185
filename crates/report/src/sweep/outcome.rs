//! What a sweep measured: cells, those with a name, and comparisons.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::chart::Point;
use crate::record::Scores;
use crate::{Difference, Estimate};

/// What a sweep measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// All combinations of the axes' values, but for those that there are too few images for; the last
    /// axis' value changes first.
    pub cells: Vec<Cell>,
    /// The place of every pick, as far as there is one.
    pub picks: BTreeMap<String, usize>,
    /// Every comparison, as far as its cells are there.
    pub comparisons: BTreeMap<String, Comparison>,
}

/// One combination of values, trained once or several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The place of its value on each axis.
    pub at: Vec<usize>,
    /// Whether it has the best value of each tuned axis; always where no axis is.
    pub chosen: bool,
    /// How its heads were trained.
    pub training: Training,
    /// Values that the features of an image have.
    pub values: usize,
    /// Images that each training used.
    pub trained_on: usize,
    /// Images that each was validated on; 0 where none was held out.
    pub validated_on: usize,
    /// Images that each was measured on.
    pub measured_on: usize,
    /// Every training.
    pub trainings: Vec<Measured>,
    /// The mean accuracy, with its 95 % interval over trainings and images.
    pub accuracy: Estimate,
}

/// How a head was trained, by Adam on the cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// What was done to features first: `none`, `standardise` or `power-l2`, as in a recipe.
    #[serde(alias = "standardised", deserialize_with = "normalise")]
    pub normalise: String,
    /// What told the classes apart where that was no head, as `sweep.classifier` has it.
    #[serde(default)]
    pub classifier: Option<String>,
    /// The units of hidden layers.
    #[serde(default)]
    pub hidden: Vec<usize>,
    /// The learning rate.
    pub learning_rate: f64,
    /// The batch size.
    pub batch_size: usize,
    /// Epochs.
    pub epochs: usize,
}

/// Reads [`Training::normalise`]; results of earlier versions say whether features were standardised.
fn normalise<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Name(String),
        Standardised(bool),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Name(name) => name,
        Written::Standardised(true) => "standardise".into(),
        Written::Standardised(false) => "none".into(),
    })
}

/// One training of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Its seed.
    pub seed: u64,
    /// On the validation images, where there are any.
    pub validation: Option<Scores>,
    /// On the images that are measured on.
    pub scores: Scores,
}

/// How two cells differ, or what choosing on half of the images does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// Two cells, paired by training and by image.
    Paired(Difference),
    /// The mean over many ways to halve the images, with an interval from bootstrap resamples.
    Halves(Estimate),
}

impl Cell {
    /// Mean scores on the validation images; none where there are none.
    #[must_use]
    pub fn validation(&self) -> Option<Scores> {
        let scores: Option<Vec<_>> = self.trainings.iter().map(|one| one.validation).collect();
        mean(&scores?)
    }

    /// Mean loss on the images that are measured on.
    #[must_use]
    pub fn loss(&self) -> f64 {
        let scores: Vec<_> = self.trainings.iter().map(|one| one.scores).collect();
        mean(&scores).map_or(f64::NAN, |mean| mean.loss)
    }

    pub(super) fn point(&self, x: f64) -> Point {
        let Estimate { mean, low, high } = self.accuracy;
        Point {
            x,
            y: mean,
            interval: Some((low, high)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of trainings are small")]
fn mean(scores: &[Scores]) -> Option<Scores> {
    let n = scores.len() as f64;
    let sum = |part: fn(&Scores) -> f64| scores.iter().map(part).sum::<f64>() / n;
    (n > 0.0).then(|| Scores {
        loss: sum(|scores| scores.loss),
        accuracy: sum(|scores| scores.accuracy),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_earlier_versions_stay_readable() {
        let read = |field: &str| {
            let rest = r#""learning_rate": 0.001, "batch_size": 32, "epochs": 10"#;
            serde_json::from_str::<Training>(&format!("{{{field}, {rest}}}"))
                .map(|training| training.normalise)
        };
        assert_eq!(read(r#""standardised": true"#).unwrap(), "standardise");
        assert_eq!(read(r#""standardised": false"#).unwrap(), "none");
        assert_eq!(read(r#""normalise": "power-l2""#).unwrap(), "power-l2");
        assert!(read(r#""normalise": 3"#).is_err());
    }
}
