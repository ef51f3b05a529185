//! A mean over several trainings and many images, and how sure it is.

use serde::{Deserialize, Serialize};

use crate::Share;
use crate::count::float;
use crate::student::{critical, two_sided};

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
    /// for one training; for several, Student's over trainings and images, kept within 0..=1.
    #[must_use]
    pub fn accuracy(trainings: &[Hits]) -> Self {
        if let [hits] = trainings {
            let Share {
                accuracy, interval, ..
            } = Share::new(hits);
            return Self {
                mean: accuracy,
                low: interval.low,
                high: interval.high,
            };
        }
        let values: Vec<Vec<f64>> = trainings
            .iter()
            .map(|hits| hits.iter().map(|hit| f64::from(u8::from(*hit))).collect())
            .collect();
        let Self { mean, low, high } = Mean::of(&values).estimate();
        Self {
            mean,
            low: low.max(0.0),
            high: high.min(1.0),
        }
    }
}

/// A mean over trainings and images with its standard error: what both its interval and its t-test are
/// made of.
pub(crate) struct Mean {
    value: f64,
    /// 0 where the values do not tell how much the mean may vary.
    pub(crate) error: f64,
    degrees: f64,
}

impl Mean {
    /// The mean of `values`, a row a training and a column an image, over both.
    ///
    /// The error adds the variance of the mean over images (of what the trainings make of each on
    /// average) to that over trainings (of their means), which is a little larger than it need be,
    /// for both hold what is left of neither; the degrees of freedom are those of Welch and
    /// Satterthwaite. One training gives the error over images alone.
    pub(crate) fn of(values: &[Vec<f64>]) -> Self {
        let images = values.iter().map(Vec::len).min().unwrap_or_default();
        let trainings = values.len();
        let by_training: Vec<f64> = values
            .iter()
            .map(|row| row[..images].iter().sum::<f64>() / float(images.max(1)))
            .collect();
        let by_image: Vec<f64> = (0..images)
            .map(|image| values.iter().map(|row| row[image]).sum::<f64>() / float(trainings))
            .collect();
        let (value, over_images) = mean_and_variance(&by_image);
        let (_, over_trainings) = mean_and_variance(&by_training);
        let variance = over_images + over_trainings;
        let freedom = |variance: f64, n: usize| variance.powi(2) / float(n.max(2) - 1);
        Self {
            value,
            error: variance.sqrt(),
            degrees: variance.powi(2)
                / (freedom(over_images, images) + freedom(over_trainings, trainings)),
        }
    }

    /// With its 95 % interval.
    pub(crate) fn estimate(&self) -> Estimate {
        let half = critical(self.degrees) * self.error;
        Estimate {
            mean: self.value,
            low: self.value - half,
            high: self.value + half,
        }
    }

    /// The two-sided p-value of the t-test against 0; 1 where nothing is known of the error.
    pub(crate) fn p(&self) -> f64 {
        if self.error > 0.0 {
            two_sided(self.value / self.error, self.degrees)
        } else {
            1.0
        }
    }
}

/// The mean of `values`, and the variance of that mean; 0 where there are fewer than two.
pub(crate) fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = float(values.len().max(1));
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 | 1 => (mean, 0.0),
        _ => (mean, squares / (n - 1.0) / n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Z_95, wilson};

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
        let estimate = Mean::of(&[vec![0.0, 1.0], vec![1.0, 1.0]]).estimate();
        assert!((estimate.mean - 0.75).abs() < 1e-12);
        let half = 4.302_652_729_749 * 0.125_f64.sqrt();
        assert!((estimate.high - 0.75 - half).abs() < 1e-9, "{estimate:?}");
        let nothing = Mean::of(&[]).estimate();
        assert_eq!((nothing.mean, nothing.low, nothing.high), (0.0, 0.0, 0.0));
    }
}
