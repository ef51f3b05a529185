//! A cell of an experiment: one setting, trained several times, measured on the test images.

use serde::{Deserialize, Serialize};

use crate::chart::Point;
use crate::estimate::{Estimate, Hits};
use crate::record::Scores;

/// One setting `S` and how it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell<S> {
    /// What is particular to it.
    pub setting: S,
    /// How its heads learned.
    pub training: Training,
    /// Images that each of them learned from.
    pub trained_on: usize,
    /// Held-out images that each was validated on; 0 where nothing was held out.
    pub validated_on: usize,
    /// Test images that each was measured on.
    pub tested_on: usize,
    /// Every training.
    pub measured: Vec<Measured>,
    /// The mean test accuracy, with its 95 % interval over trainings and test images.
    pub accuracy: Estimate,
}

/// How a head learned; always one linear layer, by Adam on the cross-entropy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Whether features were brought to mean 0 and deviation 1 first, by their training images.
    pub standardised: bool,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Images a step.
    pub batch_size: usize,
    /// Passes over the training images.
    pub epochs: usize,
    /// Steps in all.
    pub steps: usize,
}

/// One training of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What decided the first weights and the order of the images, or the draw of the images.
    pub seed: u64,
    /// On the held-out images, where there are any.
    pub validation: Option<Scores>,
    /// On the test images.
    pub test: Scores,
}

/// A cell as a row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was trained.
    pub setting: String,
    /// Images that it learned from.
    pub trained_on: usize,
    /// Test images.
    pub tested_on: usize,
    /// How many times it was trained.
    pub trainings: usize,
    /// Test accuracy.
    pub accuracy: Estimate,
    /// Mean test loss in nats.
    pub loss: f64,
}

impl<S> Cell<S> {
    /// Mean scores on the held-out images; none where nothing was held out.
    #[must_use]
    pub fn validation(&self) -> Option<Scores> {
        let scores: Option<Vec<Scores>> = self.measured.iter().map(|m| m.validation).collect();
        scores
            .filter(|scores| !scores.is_empty())
            .map(|scores| mean(&scores))
    }

    /// Mean scores on the test images.
    #[must_use]
    pub fn test(&self) -> Scores {
        let scores: Vec<Scores> = self.measured.iter().map(|measured| measured.test).collect();
        mean(&scores)
    }

    pub(super) fn point(&self, x: f64) -> Point {
        let Estimate { mean, low, high } = self.accuracy;
        Point {
            x,
            y: mean,
            interval: Some((low, high)),
        }
    }

    pub(super) fn row(&self, setting: String) -> Row {
        Row {
            setting,
            trained_on: self.trained_on,
            tested_on: self.tested_on,
            trainings: self.measured.len(),
            accuracy: self.accuracy,
            loss: self.test().loss,
        }
    }
}

impl<S> Cell<S> {
    /// A cell from its trainings and the test images that each got right.
    #[must_use]
    pub fn new(
        setting: S,
        training: Training,
        [trained_on, validated_on]: [usize; 2],
        measured: Vec<Measured>,
        hits: &[Hits],
    ) -> Self {
        Self {
            setting,
            training,
            trained_on,
            validated_on,
            tested_on: hits.first().map_or(0, Vec::len),
            measured,
            accuracy: Estimate::accuracy(hits),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of trainings are small")]
fn mean(scores: &[Scores]) -> Scores {
    let n = scores.len().max(1) as f64;
    let sum = |part: fn(&Scores) -> f64| scores.iter().map(part).sum::<f64>() / n;
    Scores {
        loss: sum(|scores| scores.loss),
        accuracy: sum(|scores| scores.accuracy),
    }
}

/// The place of the cell with the best accuracy on the held-out images, of equals that with the
/// lowest loss, among those that `may` be taken.
#[must_use]
pub fn best<S>(cells: &[Cell<S>], may: impl Fn(&Cell<S>) -> bool) -> Option<usize> {
    let validated = cells.iter().enumerate().filter(|(_, cell)| may(cell));
    let validated = validated.filter_map(|(place, cell)| Some((place, cell.validation()?)));
    validated
        .reduce(|best, next| {
            let order = next.1.accuracy.total_cmp(&best.1.accuracy);
            let better = order.then(best.1.loss.total_cmp(&next.1.loss));
            if better.is_gt() { next } else { best }
        })
        .map(|(place, _)| place)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A cell of one training with these held-out and test accuracies.
    pub(in crate::lab) fn cell<S>(setting: S, validation: f64, accuracy: f64) -> Cell<S> {
        let scores = |accuracy| Scores {
            loss: 1.0 - accuracy,
            accuracy,
        };
        Cell {
            setting,
            training: Training {
                standardised: false,
                learning_rate: 0.001,
                batch_size: 32,
                epochs: 10,
                steps: 100,
            },
            trained_on: 320,
            validated_on: 10,
            tested_on: 1000,
            measured: vec![Measured {
                seed: 1,
                validation: Some(scores(validation)),
                test: scores(accuracy),
            }],
            accuracy: Estimate {
                mean: accuracy,
                low: accuracy - 0.125,
                high: accuracy + 0.125,
            },
        }
    }

    #[test]
    fn the_best_is_chosen_by_held_out_images_only() {
        let mut cells = vec![
            cell((), 0.90, 0.99),
            cell((), 0.95, 0.10),
            cell((), 0.95, 0.20),
        ];
        assert_eq!(best(&cells, |_| true), Some(1));
        cells[2].measured[0].validation = Some(Scores {
            loss: 0.01,
            accuracy: 0.95,
        });
        assert_eq!(best(&cells, |_| true), Some(2));
        assert_eq!(best(&cells, |cell| cell.accuracy.mean > 0.5), Some(0));
        cells[0].measured[0].validation = None;
        assert_eq!(best(&cells, |cell| cell.accuracy.mean > 0.5), None);
    }
}
