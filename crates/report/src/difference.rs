//! Two ways to train, several times each, on the same test images.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, Hits};
use crate::paired::{Paired, interval, mcnemar};

/// How much better the second of two ways to train is than the first, and how surely. The trainings
/// are paired (the same seed or the same draw), and so are the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Test images.
    pub images: u64,
    /// Every pair of trainings by itself.
    pub pairs: Vec<Paired>,
    /// Images that the first way got right in more of its trainings.
    pub for_first: u64,
    /// Images that the second way did.
    pub for_second: u64,
    /// Mean accuracy of the second minus that of the first, with its interval over images and
    /// trainings.
    pub accuracy: Estimate,
    /// The two-sided p-value of McNemar's exact test over the images, each counted once, for the way
    /// that got it right more often.
    pub p: f64,
}

/// What a difference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The second is better.
    Better,
    /// The second is worse.
    Worse,
    /// Neither can be said.
    Unclear,
}

/// Below this a p-value is taken as a sign of a difference.
pub const SIGNIFICANT: f64 = 0.05;

impl Difference {
    /// Compares trainings, the first of `first` with the first of `second` and so on, by which images
    /// each got right, in the same order. What has no partner is left out.
    #[must_use]
    pub fn new(first: &[Hits], second: &[Hits]) -> Self {
        let pairs: Vec<(&Hits, &Hits)> = first.iter().zip(second).collect();
        let images = pairs.iter().map(|(a, b)| a.len().min(b.len())).min();
        let images = images.unwrap_or_default();
        let difference = |a: bool, b: bool| f64::from(u8::from(b)) - f64::from(u8::from(a));
        let values: Vec<Vec<f64>> = pairs
            .iter()
            .map(|(a, b)| a.iter().zip(*b).map(|(a, b)| difference(*a, *b)).collect())
            .collect();
        let favours = |image: usize| values.iter().map(|row| row[image]).sum::<f64>();
        let count = |keep: fn(f64) -> bool| (0..images).filter(|i| keep(favours(*i))).count();
        let for_first = count(|sum| sum < 0.0) as u64;
        let for_second = count(|sum| sum > 0.0) as u64;
        Self {
            images: images as u64,
            for_first,
            for_second,
            accuracy: estimate(&values, images),
            p: mcnemar(for_first, for_second),
            pairs: pairs.iter().map(|(a, b)| Paired::new(a, b)).collect(),
        }
    }

    /// Better or worse only where interval and test agree that there is a difference.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.accuracy {
            Estimate { low, .. } if low > 0.0 && self.p < SIGNIFICANT => Verdict::Better,
            Estimate { high, .. } if high < 0.0 && self.p < SIGNIFICANT => Verdict::Worse,
            _ => Verdict::Unclear,
        }
    }
}

/// The mean of `values` with its interval over images and trainings. Where the trainings do not tell
/// how much it may vary, since none differs from its partner on any image, the interval is that of
/// one pair without a differing image.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of images are far below 2^53"
)]
fn estimate(values: &[Vec<f64>], images: usize) -> Estimate {
    let estimate = Estimate::of_means(values);
    if estimate.low < estimate.high {
        return estimate;
    }
    let (low, high) = interval(0.0, 0.0, images as f64);
    Estimate {
        low: low.min(estimate.mean),
        high: high.max(estimate.mean),
        ..estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `right` images of 1,000 right, from image `from` on.
    fn hits(from: usize, right: usize) -> Hits {
        (0..1000)
            .map(|image| (from..from + right).contains(&image))
            .collect()
    }

    #[test]
    fn one_training_each_is_mcnemar_s_test() {
        let (a, b) = (hits(0, 900), hits(20, 950));
        let difference = Difference::new(std::slice::from_ref(&a), std::slice::from_ref(&b));
        let paired = Paired::new(&a, &b);
        assert_eq!(difference.pairs, [paired]);
        assert_eq!((difference.for_first, difference.for_second), (20, 70));
        assert!((difference.p - paired.p).abs() < 1e-15);
        assert!((difference.accuracy.mean - 0.05).abs() < 1e-12);
        // The two intervals differ by n / (n - 1), and by the image more on either side.
        assert!((difference.accuracy.low - paired.low).abs() < 5e-4);
    }

    #[test]
    fn verdicts() {
        let same = [hits(0, 900), hits(0, 910)];
        let cases: [(&[Hits], &[Hits], Verdict); 5] = [
            (&[hits(0, 900)], &[hits(0, 950)], Verdict::Better),
            (&[hits(0, 950)], &[hits(0, 900)], Verdict::Worse),
            (&[hits(0, 900)], &[hits(0, 903)], Verdict::Unclear),
            (&same, &same, Verdict::Unclear),
            // Better in one training and worse in the other: no seed decides that.
            (
                &[hits(0, 900), hits(0, 900)],
                &[hits(0, 990), hits(0, 890)],
                Verdict::Unclear,
            ),
        ];
        for (number, (first, second, verdict)) in cases.into_iter().enumerate() {
            let difference = Difference::new(first, second);
            assert_eq!(difference.verdict(), verdict, "{number}: {difference:?}");
            let back = Difference::new(second, first);
            assert!((back.accuracy.mean + difference.accuracy.mean).abs() < 1e-12);
            assert!((back.p - difference.p).abs() < 1e-12);
        }
    }

    #[test]
    fn where_no_image_differs_the_difference_is_not_known_to_be_none() {
        for trainings in [1, 5] {
            let same = vec![hits(0, 900); trainings];
            let Estimate { mean, low, high } = Difference::new(&same, &same).accuracy;
            assert!(mean.abs() < 1e-12, "{mean}");
            // As for Paired: z times the root of 2, over 1002.
            assert!((high - 0.002_766).abs() < 1e-6, "{high}");
            assert!((low + high).abs() < 1e-12, "{low}");
        }
    }

    #[test]
    fn an_image_counts_once_however_many_trainings_there_are() {
        let first = vec![hits(0, 900); 5];
        let second = vec![hits(0, 908); 5];
        let difference = Difference::new(&first, &second);
        assert_eq!((difference.for_first, difference.for_second), (0, 8));
        assert!((difference.p - 2.0 * 0.5_f64.powi(8)).abs() < 1e-12);
        assert_eq!(Difference::new(&[], &first).verdict(), Verdict::Unclear);
    }
}
