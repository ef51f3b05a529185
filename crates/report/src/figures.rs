//! How well a head did on some images, in a few numbers.

use serde::{Deserialize, Serialize};

use crate::record::Predictions;
use crate::{Evaluation, Mismatch, Share, percent};

/// Accuracy with its interval, and loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Images, and how many of them were right.
    #[serde(flatten)]
    pub share: Share,
}

impl Figures {
    /// The figures of a split's predictions.
    ///
    /// # Errors
    /// When there are no images, or a label is no class.
    pub fn of(predictions: &Predictions) -> Result<Self, Mismatch> {
        Ok(Self::from(&predictions.evaluate()?))
    }

    /// The accuracy and its interval as text: `95.78 % (95.37 to 96.16)`.
    #[must_use]
    pub fn accuracy(&self) -> String {
        let interval = self.share.interval;
        format!(
            "{} ({:.2} to {:.2})",
            percent(self.share.accuracy),
            100.0 * interval.low,
            100.0 * interval.high
        )
    }
}

impl From<&Evaluation> for Figures {
    fn from(evaluation: &Evaluation) -> Self {
        Self {
            loss: evaluation.loss,
            share: evaluation.share(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accuracy_comes_with_its_interval() {
        let evaluation = Evaluation::new(&[0, 1, 0], &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], 2).unwrap();
        let figures = Figures::from(&evaluation);
        assert_eq!(figures.accuracy(), "66.67 % (20.77 to 93.85)");
    }
}
