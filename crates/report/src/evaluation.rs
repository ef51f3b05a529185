//! The figures of one evaluation: loss, accuracy with its interval, confusion matrix, recall.

use serde::{Deserialize, Serialize};

use crate::calibration::{Bin, bins, brier, expected_calibration_error};
use crate::confusion::Confusion;
use crate::count::{float, ratio};
use crate::interval::{Interval, wilson};
use crate::softmax::{argmax, negative_log_likelihood, softmax};

/// How well a classifier did on a set of labelled images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images looked at.
    pub n: u64,
    /// Images whose class was predicted.
    pub correct: u64,
    /// `correct / n`.
    pub accuracy: f64,
    /// The Wilson 95 % interval of the accuracy.
    pub interval: Interval,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// True class by predicted class.
    pub confusion: Confusion,
    /// The share of each class that was found; null for a class without images.
    pub recall: Vec<Option<f64>>,
    /// The first and the second half of the set, in its own order. MNIST's first 5,000 test images
    /// were written by other people than its last 5,000, and are harder for this classifier.
    pub halves: [Share; 2],
    /// The mean Brier score, 0 to 2.
    pub brier: f64,
    /// The expected calibration error, over the bins below.
    pub ece: f64,
    /// Images by the probability of their predicted class.
    pub calibration: Vec<Bin>,
}

/// How many of some images were right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Images looked at.
    pub n: u64,
    /// Images whose class was predicted.
    pub correct: u64,
    /// `correct / n`, or 0 without images.
    pub accuracy: f64,
    /// The Wilson 95 % interval of the accuracy.
    pub interval: Interval,
}

/// Labels and logits that do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Not `classes` logits for every label.
    #[error("expected {} logits for {labels} labels of {classes} classes, found {found}", labels * classes)]
    Logits {
        /// How many labels there are.
        labels: usize,
        /// How many classes there are.
        classes: usize,
        /// How many logits there are.
        found: usize,
    },
    /// A label that is no class.
    #[error("expected labels below {classes}, found {label} at index {index}")]
    Label {
        /// How many classes there are.
        classes: usize,
        /// The label that is too large.
        label: u8,
        /// Where it stands.
        index: usize,
    },
    /// Nothing to evaluate.
    #[error("expected at least one image to evaluate, found none")]
    Empty,
}

impl Evaluation {
    /// Compares `logits`, one row of `classes` values an image, with the true `labels`.
    ///
    /// # Errors
    /// When there are no images, the counts do not agree, or a label is no class.
    pub fn new(labels: &[u8], logits: &[f32], classes: usize) -> Result<Self, Mismatch> {
        check(labels, logits, classes)?;
        let mut confusion = Confusion::new(classes);
        let mut hits = Vec::with_capacity(labels.len());
        let mut confidences = Vec::with_capacity(labels.len());
        let (mut loss, mut brier_sum) = (0.0, 0.0);
        for (label, row) in labels.iter().zip(logits.chunks_exact(classes)) {
            let (truth, predicted) = (usize::from(*label), argmax(row));
            confusion.add(truth, predicted);
            hits.push(truth == predicted);
            loss += negative_log_likelihood(row, truth);
            let probabilities = softmax(row);
            brier_sum += brier(&probabilities, truth);
            confidences.push((probabilities[predicted], truth == predicted));
        }
        let Share {
            n,
            correct,
            accuracy,
            interval,
        } = Share::new(&hits);
        let calibration = bins(&confidences);
        let (first, second) = hits.split_at(hits.len() / 2);
        Ok(Self {
            n,
            correct,
            accuracy,
            interval,
            loss: loss / float(n),
            recall: confusion.recall(),
            confusion,
            halves: [Share::new(first), Share::new(second)],
            brier: brier_sum / float(n),
            ece: expected_calibration_error(&calibration),
            calibration,
        })
    }

    /// How many of the images were right.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            n: self.n,
            correct: self.correct,
            accuracy: self.accuracy,
            interval: self.interval,
        }
    }
}

impl Share {
    /// Counts what was right.
    #[must_use]
    pub fn new(hits: &[bool]) -> Self {
        let n = hits.len() as u64;
        let correct = hits.iter().filter(|hit| **hit).count() as u64;
        Self {
            n,
            correct,
            accuracy: ratio(correct, n).unwrap_or_default(),
            interval: wilson(correct, n),
        }
    }
}

fn check(labels: &[u8], logits: &[f32], classes: usize) -> Result<(), Mismatch> {
    if labels.is_empty() || classes == 0 {
        return Err(Mismatch::Empty);
    }
    if labels.len() * classes != logits.len() {
        return Err(Mismatch::Logits {
            labels: labels.len(),
            classes,
            found: logits.len(),
        });
    }
    let mut all = labels.iter().zip(0..);
    match all.find(|(label, _)| usize::from(**label) >= classes) {
        Some((&label, index)) => Err(Mismatch::Label {
            classes,
            label,
            index,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_set_by_hand() {
        let labels = [0, 1, 1, 0];
        let logits = [0.0, 0.0, 0.0, 2.0, 1.0, 0.0, 3.0, 0.0];
        let evaluation = Evaluation::new(&labels, &logits, 2).unwrap();
        assert_eq!((evaluation.n, evaluation.correct), (4, 3));
        let ln = |x: f64| x.exp().ln_1p();
        let loss = (2f64.ln() + ln(-2.0) + ln(1.0) + ln(-3.0)) / 4.0;
        assert!((evaluation.loss - loss).abs() < 1e-12);
        assert_eq!(evaluation.recall, [Some(1.0), Some(0.5)]);
        assert_eq!(evaluation.halves.clone().map(|half| half.correct), [2, 1]);
    }

    #[test]
    fn refusals() {
        let no = |labels: &[u8], logits: &[f32], classes| {
            Evaluation::new(labels, logits, classes)
                .unwrap_err()
                .to_string()
        };
        assert!(no(&[], &[], 2).contains("found none"));
        assert!(no(&[0], &[0.0; 3], 2).contains("expected 2 logits"));
        assert!(no(&[0, 2], &[0.0; 4], 2).contains("found 2 at index 1"));
    }

    proptest! {
        #[test]
        fn order_does_not_matter(rows in prop::collection::vec((0..3u8, prop::array::uniform3(-9f32..9.0)), 1..40)) {
            let split = |rows: &[(u8, [f32; 3])]| {
                let labels: Vec<u8> = rows.iter().map(|row| row.0).collect();
                let logits: Vec<f32> = rows.iter().flat_map(|row| row.1).collect();
                Evaluation::new(&labels, &logits, 3).unwrap()
            };
            let forward = split(&rows);
            let backward = split(&rows.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(&forward.confusion, &backward.confusion);
            prop_assert!((forward.loss - backward.loss).abs() < 1e-9);
            prop_assert_eq!(forward.n, forward.halves.iter().map(|half| half.n).sum::<u64>());
            prop_assert_eq!(forward.correct, forward.halves.iter().map(|half| half.correct).sum::<u64>());
            prop_assert!(forward.interval.low <= forward.accuracy && forward.accuracy <= forward.interval.high);
        }
    }
}
