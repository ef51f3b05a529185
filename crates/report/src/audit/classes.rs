//! Each class's figures with intervals, and which classes are taken for each other.

use serde::Serialize;

use crate::count::ratio;
use crate::{Confusion, Interval, wilson};

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Proportion {
    /// The share; none where there is nothing that it is of.
    pub share: Option<f64>,
    /// Its interval.
    pub interval: Interval,
}

impl Proportion {
    fn new(part: u64, whole: u64) -> Self {
        Self {
            share: ratio(part, whole),
            interval: wilson(part, whole),
        }
    }

    /// The F1 score of which this is the Jaccard index, `F1 = 2 J / (1 + J)`: as it only grows with it, so do
    /// the ends of the interval.
    fn f1(self) -> Self {
        let f1 = |jaccard: f64| 2.0 * jaccard / (1.0 + jaccard);
        Self {
            share: self.share.map(f1),
            interval: Interval {
                low: f1(self.interval.low),
                high: f1(self.interval.high),
            },
        }
    }
}

/// What the heads make of a class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Class {
    /// Images that are labelled so.
    pub images: u64,
    /// The share of these that were recognised, with its Wilson interval.
    pub recall: Proportion,
    /// The share of the images that were taken for the class that are labelled so, with its Wilson interval.
    pub precision: Proportion,
    /// The harmonic mean of both, with the interval of the Jaccard index that it follows from.
    pub f1: Proportion,
}

/// Every class.
#[must_use]
pub fn classes(confusion: &Confusion) -> Vec<Class> {
    let class = |class: usize| {
        let (images, predicted) = (confusion.images(class), confusion.predicted(class));
        let right = confusion.count(class, class);
        Class {
            images,
            recall: Proportion::new(right, images),
            precision: Proportion::new(right, predicted),
            f1: Proportion::new(right, images + predicted - right).f1(),
        }
    };
    (0..confusion.classes()).map(class).collect()
}

/// Two classes that are taken for each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// Both classes.
    pub classes: [usize; 2],
    /// Images of the first that were taken for the second, and of the second for the first.
    pub mistakes: [u64; 2],
    /// The share of all their images that were taken for the other.
    pub share: Proportion,
    /// Whether they can hardly be told apart: even the lower end of that share's interval is a quarter or more,
    /// where chance among the two makes a half.
    pub alike: bool,
}

/// The least share of images taken for the other of two classes that can hardly be told apart.
const ALIKE: f64 = 0.25;

/// Every two classes of which images were taken for the other, the largest share first.
#[must_use]
pub fn pairs(confusion: &Confusion) -> Vec<Pair> {
    let all = 0..confusion.classes();
    let two = all
        .clone()
        .flat_map(|a| (a + 1..confusion.classes()).map(move |b| (a, b)));
    let mut pairs: Vec<_> = two
        .filter_map(|(a, b)| {
            let mistakes = [confusion.count(a, b), confusion.count(b, a)];
            let whole = confusion.images(a) + confusion.images(b);
            let share = Proportion::new(mistakes.iter().sum(), whole);
            let pair = Pair {
                classes: [a, b],
                mistakes,
                share,
                alike: share.interval.low >= ALIKE,
            };
            (mistakes != [0, 0]).then_some(pair)
        })
        .collect();
    let share = |pair: &Pair| pair.share.share.unwrap_or_default();
    pairs.sort_by(|a, b| {
        share(b)
            .total_cmp(&share(a))
            .then(a.classes.cmp(&b.classes))
    });
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(counts: &[&[u64]]) -> Confusion {
        let mut confusion = Confusion::new(counts.len());
        for (truth, row) in counts.iter().enumerate() {
            for (predicted, count) in row.iter().enumerate() {
                (0..*count).for_each(|_| confusion.add(truth, predicted));
            }
        }
        confusion
    }

    #[test]
    fn figures_of_classes() {
        let classes = classes(&confusion(&[&[8, 2, 0], &[1, 9, 0], &[0, 0, 0]]));
        let [first, _, none] = classes[..] else {
            panic!()
        };
        assert_eq!((first.images, none.images), (10, 0));
        assert_eq!(first.recall.share, Some(0.8));
        assert_eq!(first.precision.share, Some(8.0 / 9.0));
        // 2 * 8 / (10 + 9)
        let f1 = first.f1.share.unwrap();
        assert!((f1 - 16.0 / 19.0).abs() < 1e-12);
        assert_eq!(first.recall.interval, wilson(8, 10));
        let Interval { low, high } = wilson(8, 11);
        let interval = first.f1.interval;
        assert!((interval.low - 2.0 * low / (1.0 + low)).abs() < 1e-12);
        assert!((interval.high - 2.0 * high / (1.0 + high)).abs() < 1e-12);
        assert_eq!((none.recall.share, none.f1.share), (None, None));
        assert_eq!(
            none.f1.interval,
            Interval {
                low: 0.0,
                high: 1.0
            }
        );
    }

    #[test]
    fn classes_that_are_taken_for_each_other() {
        let pairs = pairs(&confusion(&[&[60, 40, 1], &[30, 70, 0], &[0, 0, 9]]));
        let told = pairs
            .iter()
            .map(|pair| (pair.classes, pair.mistakes, pair.alike));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [([0, 1], [40, 30], true), ([0, 2], [1, 0], false)]);
        assert_eq!(pairs[0].share.share, Some(70.0 / 201.0));
    }
}
