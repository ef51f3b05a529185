//! Two classifiers on the same images.

use serde::{Deserialize, Serialize};

use crate::count::float;

/// How two classifiers differ on the same images, and how surely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Images looked at.
    pub n: u64,
    /// Images that only the first got right.
    pub only_first: u64,
    /// Images that only the second got right.
    pub only_second: u64,
    /// Accuracy of the second minus that of the first.
    pub difference: f64,
    /// The 95 % interval of the difference.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The two-sided p-value of McNemar's exact test.
    pub p: f64,
}

impl Paired {
    /// Compares two classifiers by which images each got right, in the same order.
    #[must_use]
    pub fn new(first: &[bool], second: &[bool]) -> Self {
        let only = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count();
        let n = first.len().min(second.len());
        Self::of_counts(
            only(first, second) as u64,
            only(second, first) as u64,
            n as u64,
        )
    }

    /// Compares them by how many of `n` images only the first got right, and only the second. The
    /// interval is Wald's for paired proportions, with one image more on either side, which keeps it
    /// from shrinking to nothing where no image differs (Bonett and Price, "Adjusted Wald confidence
    /// interval for a difference of binomial proportions based on paired data", 2012).
    #[must_use]
    pub fn of_counts(only_first: u64, only_second: u64, n: u64) -> Self {
        let (low, high) = interval(only_first, only_second, n);
        Self {
            n,
            only_first,
            only_second,
            difference: (float(only_second) - float(only_first)) / float(n.max(1)),
            low,
            high,
            p: mcnemar(only_first, only_second),
        }
    }
}

/// The interval of [`Paired::of_counts`] where only the first got `b` of `n` images right and only the second
/// `c`; it holds the difference itself.
pub(crate) fn interval(b: u64, c: u64, n: u64) -> (f64, f64) {
    let all = float(n + 2);
    let (b, c) = (float(b + 1) / all, float(c + 1) / all);
    let half = crate::Z_95 * ((b + c - (c - b).powi(2)) / all).sqrt();
    ((c - b - half).max(-1.0), (c - b + half).min(1.0))
}

/// McNemar's exact test: the probability that of `b + c` fair coins as few or fewer fall on the
/// rarer side as did, on either side (McNemar, "Note on the sampling error of the difference between
/// correlated proportions or percentages", 1947).
#[must_use]
pub fn mcnemar(b: u64, c: u64) -> f64 {
    let n = b + c;
    // log of C(n, k) / 2^n, from k = 0 on.
    let mut log = -float(n) * std::f64::consts::LN_2;
    let mut tail = log.exp();
    for k in 1..=b.min(c) {
        log += float(n - k + 1).ln() - float(k).ln();
        tail += log.exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_tails() {
        // Exact sums of binomial coefficients by Python, as scipy.stats.binomtest has them.
        for (b, c, p) in [
            (0, 0, 1.0),
            (5, 5, 1.0),
            (1, 9, 0.021_484_375),
            (10, 30, 0.002_221_433_773_229_364),
            (400, 500, 0.000_956_444_136_918_946),
        ] {
            let found = mcnemar(b, c);
            assert!((found - p).abs() < 1e-9 * p, "{b}, {c}: {found}");
            assert!((mcnemar(c, b) - found).abs() < 1e-12);
        }
    }

    #[test]
    fn intervals_by_hand() {
        for (b, c, n, low, high) in [
            // Half the width is z times the root of 2 / 102, over 102's root.
            (0, 0, 100, -0.027_175, 0.027_175),
            (0, 0, 0, -1.0, 1.0),
            // The same formula evaluated by Python.
            (0, 10, 20, 0.211_305, 0.697_786),
            (7, 1, 21, -0.508_359, -0.013_380),
            (0, 10, 10, 0.520_580, 1.0),
        ] {
            let found = interval(b, c, n);
            let far = (found.0 - low).abs().max((found.1 - high).abs());
            assert!(far < 1e-5, "{b}, {c}, {n}: {found:?}");
            let back = interval(c, b, n);
            assert!((back.0 + found.1).abs() < 1e-12 && (back.1 + found.0).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn the_difference_is_inside(b in 0..200_u64, c in 0..200_u64, same in 0..500_u64) {
            let n = b + c + same;
            let (low, high) = interval(b, c, n);
            let difference = (float(c) - float(b)) / float(n.max(1));
            prop_assert!(low <= difference && difference <= high && low < high);
        }
    }

    #[test]
    fn counts_what_only_one_got_right() {
        let paired = Paired::new(&[true, true, false, false], &[true, false, true, true]);
        assert_eq!((paired.only_first, paired.only_second, paired.n), (1, 2, 4));
        assert!((paired.difference - 0.25).abs() < 1e-12);
        assert!(paired.low < 0.25 && 0.25 < paired.high);
    }
}
