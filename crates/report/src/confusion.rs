//! Which class was taken for which.

use serde::{Deserialize, Serialize};

/// Counts of images by true class (rows) and predicted class (columns).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// No images yet, over `classes` classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self {
            counts: vec![vec![0; classes]; classes],
        }
    }

    /// Counts one image; both classes are below the number of classes.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth][predicted] += 1;
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// How many images of class `truth` were taken for class `predicted`.
    #[must_use]
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth][predicted]
    }

    /// How many images were counted.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// How many of them were right: the diagonal.
    #[must_use]
    pub fn correct(&self) -> u64 {
        (0..self.classes())
            .map(|class| self.counts[class][class])
            .sum()
    }

    /// For each class, the share of its images that was found; `None` for a class without images.
    #[must_use]
    pub fn recall(&self) -> Vec<Option<f64>> {
        let recall = |(class, row): (usize, &Vec<u64>)| ratio(row[class], row.iter().sum());
        self.counts.iter().enumerate().map(recall).collect()
    }
}

/// `part / whole`, or `None` where there is no whole.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of images are far below 2^53"
)]
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_recall() {
        let mut confusion = Confusion::new(3);
        for (truth, predicted) in [(0, 0), (0, 0), (0, 1), (1, 1), (0, 2)] {
            confusion.add(truth, predicted);
        }
        assert_eq!((confusion.n(), confusion.correct()), (5, 3));
        assert_eq!(confusion.count(0, 1), 1);
        assert_eq!(confusion.recall(), [Some(0.5), Some(1.0), None]);
    }
}
