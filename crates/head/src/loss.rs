//! What training makes small.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Int, Tensor};

/// The mean cross-entropy of `logits` against the true classes `targets`, in nats.
///
/// # Shapes
/// - logits: `[batch, classes]`, targets: `[batch]`, loss: `[1]`
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    CrossEntropyLossConfig::new()
        .init(&logits.device())
        .forward(logits, targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn agrees_with_the_formula() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], &device);
        let targets = Tensor::<1, Int>::from_data([2, 0], &device);
        let loss = cross_entropy(logits, targets).into_scalar::<f32>();
        let first = (1.0 + (-1.0_f32).exp() + (-2.0_f32).exp()).ln();
        assert!(
            (loss - f32::midpoint(first, 3.0_f32.ln())).abs() < 1e-6,
            "{loss}"
        );
    }
}
