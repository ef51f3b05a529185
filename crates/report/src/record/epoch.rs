//! One line of a run's metrics.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::Evaluation;

/// Loss and accuracy over a set of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// The share that was right.
    pub accuracy: f64,
}

impl From<&Evaluation> for Scores {
    fn from(evaluation: &Evaluation) -> Self {
        Self {
            loss: evaluation.loss,
            accuracy: evaluation.accuracy,
        }
    }
}

/// One pass over the training images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Over the training images during the epoch, as Keras reports it: early batches met a worse
    /// head than late ones.
    pub train: Scores,
    /// Over the held-out images after the epoch; none where nothing is held out.
    pub validation: Option<Scores>,
    /// Steps of the training until its end; none where an earlier version trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// The learning rate of its last step; none where an earlier version trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How long the epoch took, validation included.
    pub seconds: f64,
    /// The norms of gradients, of the head and of each stage that is trained, by name: the root of their mean
    /// squares over the steps, before they are clipped. None where the head alone learned, or on a GPU.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gradient_norms: BTreeMap<String, f64>,
}

/// Epochs as a table for spreadsheets; what was not measured is empty.
#[must_use]
pub fn epochs_to_csv(epochs: &[Epoch]) -> String {
    let mut csv = String::from(
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds\n",
    );
    for epoch in epochs {
        let Scores { loss, accuracy } = epoch.train;
        let validation = epoch
            .validation
            .map_or_else(|| ",".to_owned(), |v| format!("{},{}", v.loss, v.accuracy));
        let rate = epoch
            .learning_rate
            .map_or_else(String::new, |rate| rate.to_string());
        let (number, seconds) = (epoch.epoch, epoch.seconds);
        // Writing to a string cannot fail.
        let _ = writeln!(
            csv,
            "{number},{loss},{accuracy},{validation},{rate},{seconds}"
        );
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_an_epoch() {
        let scores = |loss| Scores {
            loss,
            accuracy: 0.5,
        };
        let mut epoch = Epoch {
            epoch: 1,
            train: scores(1.25),
            validation: Some(scores(1.5)),
            steps: Some(10),
            learning_rate: Some(0.001),
            seconds: 2.0,
            gradient_norms: BTreeMap::new(),
        };
        let one = epoch.clone();
        epoch.epoch = 2;
        epoch.validation = None;
        epoch.learning_rate = None;
        let csv = epochs_to_csv(&[one, epoch]);
        let rows: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(rows, ["1,1.25,0.5,1.5,0.5,0.001,2", "2,1.25,0.5,,,,2"]);
    }
}
