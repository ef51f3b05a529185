//! Which class was taken for which.

use serde::{Deserialize, Serialize};

use crate::count::ratio;

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

    /// How many images of class `truth` were counted.
    #[must_use]
    pub fn images(&self, truth: usize) -> u64 {
        self.counts[truth].iter().sum()
    }

    /// How many images were taken for class `predicted`.
    #[must_use]
    pub fn predicted(&self, predicted: usize) -> u64 {
        self.counts.iter().map(|row| row[predicted]).sum()
    }

    /// For each class, the share of its images that was found; `None` for a class without images.
    #[must_use]
    pub fn recall(&self) -> Vec<Option<f64>> {
        let classes = 0..self.classes();
        classes
            .map(|class| ratio(self.counts[class][class], self.images(class)))
            .collect()
    }

    /// Which classes were taken for which others, as `(images, truth, predicted)`, the most frequent
    /// first.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(u64, usize, usize)> {
        let classes = 0..self.classes();
        let cells = classes.clone().flat_map(|truth| {
            let row = classes.clone().map(move |predicted| (truth, predicted));
            row.map(|(truth, predicted)| (self.count(truth, predicted), truth, predicted))
        });
        let mut cells: Vec<_> = cells
            .filter(|(count, truth, predicted)| *count > 0 && truth != predicted)
            .collect();
        cells.sort_by_key(|(count, truth, predicted)| (u64::MAX - count, *truth, *predicted));
        cells
    }
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
        assert_eq!(confusion.count(0, 1), 1);
        assert_eq!(confusion.recall(), [Some(0.5), Some(1.0), None]);
    }

    #[test]
    fn the_most_frequent_mistake_comes_first() {
        let mut confusion = Confusion::new(3);
        for (truth, predicted) in [(0, 0), (2, 1), (0, 2), (0, 2)] {
            confusion.add(truth, predicted);
        }
        assert_eq!(confusion.mistakes(), [(2, 0, 2), (1, 2, 1)]);
        assert_eq!((confusion.images(0), confusion.predicted(2)), (3, 2));
    }
}
