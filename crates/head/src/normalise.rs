//! What the head does to the features of an image before its linear layer.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::head::{values, vector};
use crate::{FileError, Statistics};

/// Features of sum 0 are divided by this, and stay 0.
const SMALLEST_SUM: f32 = 1e-12;

/// Added to a feature's share before its root is taken, whose slope at 0 is infinite: where the stages
/// before the head are trained, a feature of 0 has a gradient of 0. Shares are some 1e-4.
const SMALLEST_SHARE: f32 = 1e-12;

/// How features are normalised.
#[derive(Debug, Clone, PartialEq)]
pub enum Normalisation {
    /// Not at all.
    None,
    /// Every feature to mean 0 and deviation 1 over the training images.
    Standardise(Statistics),
    /// The signed square root of every feature, and then all features of an image to the length (L2 norm)
    /// `scale`.
    ///
    /// Source: F. Perronnin, J. Sánchez and T. Mensink, "Improving the Fisher kernel for large-scale image
    /// classification" (2010), section 3; with non-negative features it is R. Arandjelović's and
    /// A. Zisserman's `RootSIFT` (2012).
    PowerL2 {
        /// The length of an image's features.
        scale: f32,
    },
}

/// Subtracts the mean and divides by the deviation, feature by feature. Never trains.
#[derive(Module, Debug)]
pub(crate) struct Standardise {
    mean: Param<Tensor<1>>,
    deviation: Param<Tensor<1>>,
}

impl Standardise {
    pub(crate) fn new(statistics: Statistics, device: &Device) -> Self {
        let constant = |values| Param::from_data(vector(values), device).set_require_grad(false);
        Self {
            mean: constant(statistics.mean),
            deviation: constant(statistics.deviation),
        }
    }

    pub(crate) fn statistics(&self) -> Result<Statistics, FileError> {
        Ok(Statistics {
            mean: values(&self.mean)?,
            deviation: values(&self.deviation)?,
        })
    }

    /// # Shapes
    /// `[batch, features]`, as the result.
    pub(crate) fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let mean = self.mean.val().unsqueeze::<2>(); // [1, features]
        let deviation = self.deviation.val().unsqueeze::<2>();
        (features - mean) / deviation
    }
}

/// [`Normalisation::PowerL2`]. The squares of the roots are the sizes, so that the root of a size's share
/// of their sum has length 1 already.
///
/// # Shapes
/// `[batch, features]`, as the result.
pub(crate) fn power_l2(features: Tensor<2>, scale: f32) -> Tensor<2> {
    let sizes = features.clone().abs();
    let sum = sizes.clone().sum_dim(1).clamp_min(SMALLEST_SUM); // [batch, 1]
    let roots = (sizes / sum).add_scalar(SMALLEST_SHARE).sqrt();
    (features.sign() * roots).mul_scalar(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_roots_of_a_fixed_length() {
        let device = Device::flex();
        let rows = [[9.0, -16.0, 0.0], [0.0, 0.0, 0.0], [1e-20, 0.0, 0.0]];
        let found = power_l2(Tensor::from_data(rows, &device), 10.0).into_data();
        let found: Vec<f32> = found.iter::<f32>().collect();
        // sqrt(9) = 3 and -sqrt(16) = -4 have length 5.
        for (found, expected) in found.iter().zip([6.0, -8.0, 0.0, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert!(found[6].is_finite() && found[7..] == [0.0; 2]);
    }

    #[test]
    fn gradients_are_those_of_the_formula_and_none_at_zero() {
        let device = Device::flex().autodiff();
        let row = Tensor::<2>::from_data([[0.5, 0.0, 2.0]], &device).require_grad();
        let weights = Tensor::<2>::from_data([[1.0, 5.0, -2.0]], &device);
        let loss = (power_l2(row.clone(), 3.0) * weights).sum();
        let found = row.grad(&loss.backward()).unwrap().into_data();
        let found: Vec<f32> = found.iter::<f32>().collect();
        let value = |a: f64, b: f64| 3.0 * ((a / (a + b)).sqrt() - 2.0 * (b / (a + b)).sqrt());
        let step = 1e-6;
        let first = (value(0.5 + step, 2.0) - value(0.5 - step, 2.0)) / (2.0 * step);
        let last = (value(0.5, 2.0 + step) - value(0.5, 2.0 - step)) / (2.0 * step);
        for (found, expected) in found.iter().zip([first, 0.0, last]) {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-4,
                "{found} {expected}"
            );
        }
    }
}
