//! Two ways to train, several times each, on the same test images.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, Hits, Mean};
use crate::paired::{Paired, interval};

/// How much better the second of two ways to train is than the first, and how surely. The trainings
/// are paired (the same seed or the same draw), and so are the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Test images.
    pub images: u64,
    /// Every pair of trainings by itself.
    pub pairs: Vec<Paired>,
    /// Mean accuracy of the second minus that of the first, with its interval over images and
    /// trainings.
    pub accuracy: Estimate,
    /// The two-sided p-value: of McNemar's exact test for one pair of trainings, and for several of
    /// the paired t-test whose statistic the interval comes from too.
    pub p: f64,
}

/// What a difference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
        let mean = Mean::of(&values);
        let pairs: Vec<Paired> = pairs.iter().map(|(a, b)| Paired::new(a, b)).collect();
        Self {
            images: images as u64,
            accuracy: interval_of(&mean, images),
            p: match pairs.as_slice() {
                [pair] => pair.p,
                _ => mean.p(),
            },
            pairs,
        }
    }

    /// Better or worse only where interval and test agree that there is a difference.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.p < SIGNIFICANT {
            Verdict::of(self.accuracy)
        } else {
            Verdict::Unclear
        }
    }
}

impl Verdict {
    /// What the interval of a difference says.
    #[must_use]
    pub fn of(difference: Estimate) -> Self {
        match difference {
            Estimate { low, .. } if low > 0.0 => Self::Better,
            Estimate { high, .. } if high < 0.0 => Self::Worse,
            _ => Self::Unclear,
        }
    }
}

/// `mean` with its interval. Where the trainings do not tell how much it may vary, since none differs
/// from its partner on any image, the interval is that of one pair without a differing image.
fn interval_of(mean: &Mean, images: usize) -> Estimate {
    let estimate = mean.estimate();
    if mean.error > 0.0 {
        return estimate;
    }
    let (low, high) = interval(0, 0, images as u64);
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
    fn p_of_several_trainings_is_of_the_t_that_the_interval_has() {
        // Difference, ends of its interval and p, by scipy.stats.t from the same formulas.
        for (first, second, mean, low, high, p) in [
            (
                &[(0, 900), (0, 900)][..],
                &[(0, 950), (0, 910)][..],
                0.03,
                -0.230_126_492_608_32,
                0.290_126_492_608_32,
                0.381_223_859_638_106_9,
            ),
            (
                &[(0, 900), (10, 900), (20, 900)],
                &[(0, 920), (5, 930), (0, 925)],
                0.025,
                0.015_135_420_148_487_62,
                0.034_864_579_851_512_374,
                0.000_131_575_052_168_835_05,
            ),
            (
                &[(0, 900), (0, 905), (0, 890), (0, 910), (0, 895)],
                &[(0, 912), (0, 901), (0, 915), (0, 908), (0, 917)],
                0.0106,
                -0.005_684_633_334_276_367,
                0.026_884_633_334_276_37,
                0.155_136_758_821_668_1,
            ),
            // All alike, so that only the images vary.
            (
                &[(0, 900); 5],
                &[(0, 908); 5],
                0.008,
                0.002_469_140_002_102_936,
                0.013_530_859_997_897_065,
                0.004_626_032_285_940_443,
            ),
        ] {
            let all = |list: &[(usize, usize)]| -> Vec<Hits> {
                list.iter()
                    .map(|(from, right)| hits(*from, *right))
                    .collect()
            };
            let difference = Difference::new(&all(first), &all(second));
            let Estimate { mean: found, .. } = difference.accuracy;
            for (found, expected) in [
                (found, mean),
                (difference.accuracy.low, low),
                (difference.accuracy.high, high),
                (difference.p, p),
            ] {
                assert!(
                    (found - expected).abs() < 1e-10,
                    "{expected}: {difference:?}"
                );
            }
            let excludes_nothing = low > 0.0 || high < 0.0;
            assert_eq!(difference.p < SIGNIFICANT, excludes_nothing);
        }
        let nothing = Difference::new(&[], &[hits(0, 900)]);
        assert_eq!(nothing.verdict(), Verdict::Unclear);
    }
}
