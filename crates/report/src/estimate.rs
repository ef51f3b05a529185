//! A mean over several trainings and many images, and how sure it is.

use serde::{Deserialize, Serialize};

use crate::interval::{Z_95, wilson};

/// Which images a classifier got right, in a fixed order.
pub type Hits = Vec<bool>;

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// The mean accuracy of several trainings, each measured on the same images: a Wilson interval
    /// for one training; for several, as [`Estimate::of_means`] has it, kept within 0..=1.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    pub fn accuracy(trainings: &[Hits]) -> Self {
        if let [hits] = trainings {
            let (right, n) = (hits.iter().filter(|hit| **hit).count(), hits.len());
            let interval = wilson(right as u64, n as u64);
            return Self {
                mean: right as f64 / n.max(1) as f64,
                low: interval.low,
                high: interval.high,
            };
        }
        let values: Vec<Vec<f64>> = trainings
            .iter()
            .map(|hits| hits.iter().map(|hit| f64::from(u8::from(*hit))).collect())
            .collect();
        let Self { mean, low, high } = Self::of_means(&values);
        Self {
            mean,
            low: low.max(0.0),
            high: high.min(1.0),
        }
    }

    /// The mean of `values`, a row a training and a column an image, over both.
    ///
    /// The interval adds the variance of the mean over images (of what the trainings make of each on
    /// average) to that over trainings (of their means), which is a little wider than it need be,
    /// for both hold what is left of neither; its width follows Student's t with the degrees of
    /// freedom of Welch and Satterthwaite. One training gives the interval over images alone.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn of_means(values: &[Vec<f64>]) -> Self {
        let images = values.iter().map(Vec::len).min().unwrap_or_default();
        let trainings = values.len();
        let by_training: Vec<f64> = values
            .iter()
            .map(|row| row[..images].iter().sum::<f64>() / images.max(1) as f64)
            .collect();
        let by_image: Vec<f64> = (0..images)
            .map(|image| values.iter().map(|row| row[image]).sum::<f64>() / trainings as f64)
            .collect();
        let (mean, over_images) = mean_and_variance(&by_image);
        let (_, over_trainings) = mean_and_variance(&by_training);
        let variance = over_images + over_trainings;
        let freedom = |variance: f64, n: usize| variance.powi(2) / (n.max(2) - 1) as f64;
        let degrees =
            variance.powi(2) / (freedom(over_images, images) + freedom(over_trainings, trainings));
        let half = student_t_975(degrees) * variance.sqrt();
        Self {
            mean,
            low: mean - half,
            high: mean + half,
        }
    }
}

/// The mean of `values`, and the variance of that mean; 0 where there are fewer than two.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 | 1 => (mean, 0.0),
        _ => (mean, squares / (n - 1.0) / n),
    }
}

/// The 97.5 % points of Student's t for 1 to 30 degrees of freedom, from its inverse distribution
/// function (`scipy.stats.t.ppf`).
const STUDENT_T_975: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// The 97.5 % point of Student's t: two-sided 95 %. Between whole degrees of freedom the lower, and
/// wider, counts. Beyond the table it is the normal distribution's point with the first two terms of
/// Cornish and Fisher's expansion (Abramowitz and Stegun, 26.7.5).
fn student_t_975(degrees: f64) -> f64 {
    if !degrees.is_finite() {
        return Z_95;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1, and at most the table's length where it is an index"
    )]
    let whole = degrees.max(1.0) as usize;
    let beyond = || {
        let first = (Z_95.powi(3) + Z_95) / 4.0;
        let second = (5.0 * Z_95.powi(5) + 16.0 * Z_95.powi(3) + 3.0 * Z_95) / 96.0;
        Z_95 + first / degrees + second / degrees.powi(2)
    };
    let tabled = STUDENT_T_975.get(whole - 1).copied();
    tabled.unwrap_or_else(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_points_of_student_s_t() {
        for (degrees, point) in [
            (0.5, 12.706_205),
            (1.0, 12.706_205),
            (4.9, 2.776_445),
            (30.0, 2.042_272),
            (31.0, 2.039_513),
            (40.0, 2.021_075),
            (1000.0, 1.962_339),
            (f64::INFINITY, Z_95),
            (f64::NAN, Z_95),
        ] {
            let found = student_t_975(degrees);
            assert!((found - point).abs() < 2e-4, "{degrees}: {found}");
        }
    }

    #[test]
    fn one_training_is_a_proportion() {
        let estimate = Estimate::accuracy(&[vec![true, true, true, false]]);
        let interval = wilson(3, 4);
        assert_eq!(
            (estimate.mean, estimate.low, estimate.high),
            (0.75, interval.low, interval.high)
        );
    }

    #[test]
    fn trainings_that_differ_widen_the_interval() {
        let hits = |right: usize| -> Hits { (0..1000).map(|image| image < right).collect() };
        let width = |trainings: &[Hits]| {
            let estimate = Estimate::accuracy(trainings);
            assert!((estimate.mean - 0.9).abs() < 1e-12, "{estimate:?}");
            estimate.high - estimate.low
        };
        let alike = width(&[hits(900), hits(900), hits(900)]);
        let apart = width(&[hits(850), hits(900), hits(950)]);
        // Over images alone: 2 * 1.96 * sqrt(0.9 * 0.1 / 999).
        assert!((alike - 2.0 * Z_95 * (0.09_f64 / 999.0).sqrt()).abs() < 1e-4);
        // The deviation of the three is 0.05, and with 2 degrees of freedom t is 4.3.
        assert!(apart > 2.0 * 3.0 * 0.05 / 3.0_f64.sqrt(), "{apart}");
    }

    #[test]
    fn by_hand() {
        // Image means 0.5 and 1: variance of the mean 0.0625. Training means 0.5 and 1: the same.
        let estimate = Estimate::of_means(&[vec![0.0, 1.0], vec![1.0, 1.0]]);
        assert!((estimate.mean - 0.75).abs() < 1e-12);
        let half = 4.302_653 * 0.125_f64.sqrt();
        assert!((estimate.high - 0.75 - half).abs() < 1e-9, "{estimate:?}");
        let nothing = Estimate::of_means(&[]);
        assert_eq!((nothing.mean, nothing.low, nothing.high), (0.0, 0.0, 0.0));
    }
}
