//! Whether probabilities mean what they say.

use serde::{Deserialize, Serialize};

use crate::count::{float, ratio};

/// How many bins of equal width the expected calibration error is computed over, as in Guo,
/// Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (2017).
pub const BINS: usize = 15;

/// The images whose predicted class was given a probability within a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The least probability, exclusive; the first bin holds 0 too.
    pub low: f64,
    /// The largest probability, inclusive.
    pub high: f64,
    /// Images in it.
    pub n: u64,
    /// Images of it whose class was predicted.
    pub correct: u64,
    /// The mean probability of the predicted class; none without images.
    pub confidence: Option<f64>,
    /// `correct / n`; none without images.
    pub accuracy: Option<f64>,
}

/// Sorts images, each with the probability of its predicted class and whether that was right, into
/// [`BINS`] bins.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "probabilities are not negative, and bins are few"
)]
pub fn bins(images: &[(f64, bool)]) -> Vec<Bin> {
    let mut sums = [(0_u64, 0_u64, 0.0_f64); BINS];
    for (confidence, right) in images {
        // (0, 1/15] is bin 0, and so on; 1 is in the last.
        let bin = ((confidence * float(BINS)).ceil() as usize).clamp(1, BINS) - 1;
        let (n, correct, sum) = &mut sums[bin];
        *n += 1;
        *correct += u64::from(*right);
        *sum += confidence;
    }
    let bin = |(bin, (n, correct, sum)): (usize, &(u64, u64, f64))| Bin {
        low: float(bin) / float(BINS),
        high: float(bin + 1) / float(BINS),
        n: *n,
        correct: *correct,
        confidence: (*n > 0).then(|| sum / float(*n)),
        accuracy: ratio(*correct, *n),
    };
    sums.iter().enumerate().map(bin).collect()
}

/// The expected calibration error: the mean distance between accuracy and confidence over `bins`,
/// each weighted by its images. 0 without images.
#[must_use]
pub fn expected_calibration_error(bins: &[Bin]) -> f64 {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let distance = |bin: &Bin| Some((bin.accuracy? - bin.confidence?).abs() * float(bin.n));
    bins.iter().filter_map(distance).sum::<f64>() / float(n.max(1))
}

/// The temperature that makes the mean cross-entropy of logits divided by it least, between 0.05 and 20 (Guo,
/// Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017). `rows` are of each image the
/// logits and the class.
///
/// Cross-entropy is convex in the inverse of the temperature, so its slope is halved in on: the mean over images
/// of the expected logit less that of the class.
#[must_use]
pub fn temperature(rows: &[(&[f32], usize)]) -> f64 {
    let slope = |inverse: f64| -> f64 {
        let of_row = |(logits, class): &(&[f32], usize)| {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let weight = |logit: f32| (inverse * f64::from(logit - largest)).exp();
            let sums = logits.iter().fold((0.0, 0.0), |(sum, all), logit| {
                (
                    sum + weight(*logit) * f64::from(*logit),
                    all + weight(*logit),
                )
            });
            sums.0 / sums.1 - f64::from(logits[*class])
        };
        rows.iter().map(of_row).sum()
    };
    let (mut low, mut high) = (1.0 / 20.0, 1.0 / 0.05);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        // Where it can no longer be told from 0, logits are as good as certain.
        if slope(middle) <= 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    1.0 / low
}

/// One image's part of the Brier score: the squared distance between `probabilities` and certainty
/// of class `truth`, summed over all classes, 0 to 2 (Brier, "Verification of forecasts expressed
/// in terms of probability", 1950).
#[must_use]
pub fn brier(probabilities: &[f64], truth: usize) -> f64 {
    let distance = |(class, p): (usize, &f64)| (p - f64::from(u8::from(class == truth))).powi(2);
    probabilities.iter().enumerate().map(distance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_upper_ends() {
        let images = [
            (0.0, false),
            (1.0 / 15.0, true),
            (0.5, true),
            (1.0, true),
            (0.95, false),
        ];
        let bins = bins(&images);
        let n: Vec<u64> = bins.iter().map(|bin| bin.n).collect();
        assert_eq!(n, [2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(bins[14].accuracy, Some(0.5));
        assert_eq!(bins[1].confidence, None);
        let error = (1.0 - 1.0 / 15.0) + 0.5 + (1.95 - 1.0);
        assert!((expected_calibration_error(&bins) - error / 5.0).abs() < 1e-12);
        assert!(expected_calibration_error(&super::bins(&[])).abs() < 1e-12);
    }

    #[test]
    fn the_temperature_makes_the_loss_least() {
        // Of logits (2, 0) three in four are right: the odds are 3, so that the logits should differ by ln 3.
        let right = [2.0, 0.0];
        let rows = [(&right[..], 0), (&right, 0), (&right, 0), (&right, 1)];
        let found = temperature(&rows);
        assert!((found - 2.0 / 3.0_f64.ln()).abs() < 1e-9, "{found}");
        // All right: the surer the better, as far as it goes; all wrong: the less sure.
        assert!((temperature(&rows[..3]) - 0.05).abs() < 1e-9);
        assert!((temperature(&rows[3..]) - 20.0).abs() < 1e-9);
        assert!(temperature(&[]).is_finite());
    }

    #[test]
    fn certainty_costs_nothing_or_two() {
        assert!(brier(&[1.0, 0.0], 0).abs() < 1e-12);
        assert!((brier(&[1.0, 0.0], 1) - 2.0).abs() < 1e-12);
        assert!((brier(&[0.5, 0.25, 0.25], 1) - (0.25 + 0.5625 + 0.0625)).abs() < 1e-12);
    }
}
