//! What training makes small.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Int, Tensor};

/// The mean cross-entropy of `logits` against the true classes `targets`, in nats. Of a target the share
/// `smoothing` is spread evenly over all classes (C. Szegedy and others, "Rethinking the Inception
/// architecture", 2016, section 7); 0 leaves targets as they are. With `weights`, one a class, it is the mean
/// weighted by those of the targets' classes, as in `PyTorch`.
///
/// # Shapes
/// - logits: `[batch, classes]`, targets: `[batch]`, loss: `[1]`
#[must_use]
pub fn cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    smoothing: f32,
    weights: Option<&[f32]>,
) -> Tensor<1> {
    CrossEntropyLossConfig::new()
        .with_weights(weights.map(<[f32]>::to_vec))
        .with_smoothing((smoothing > 0.0).then_some(smoothing))
        .init(&logits.device())
        .forward(logits, targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Head, Normalisation};
    use burn::optim::{AdamConfig, GradientsParams};
    use burn::tensor::Device;

    #[test]
    fn agrees_with_the_formula() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], &device);
        let targets = Tensor::<1, Int>::from_data([2, 0], &device);
        let smoothed =
            cross_entropy(logits.clone(), targets.clone(), 0.3, None).into_scalar::<f32>();
        let loss = cross_entropy(logits.clone(), targets.clone(), 0.0, None).into_scalar::<f32>();
        let weighted =
            cross_entropy(logits, targets, 0.0, Some(&[3.0, 1.0, 0.5])).into_scalar::<f32>();
        let first = (1.0 + (-1.0_f32).exp() + (-2.0_f32).exp()).ln();
        assert!(
            (loss - f32::midpoint(first, 3.0_f32.ln())).abs() < 1e-6,
            "{loss}"
        );
        // Of the target's share 0.8, and 0.1 for each of the others, whose logits are 1 and 2 smaller.
        let smooth = f32::midpoint(first + 0.1 + 0.2, 3.0_f32.ln());
        assert!((smoothed - smooth).abs() < 1e-6, "{smoothed}");
        // The first target's class has the weight 0.5, the second's 3.
        let expected = (0.5 * first + 3.0 * 3.0_f32.ln()) / 3.5;
        assert!((weighted - expected).abs() < 1e-6, "{weighted}");
    }

    /// Five steps of Adam on four examples end where Keras ends; see `scripts/adam_reference.py`.
    #[test]
    fn trains_as_keras_trains() {
        let device = Device::flex().autodiff();
        let layer = Dense {
            weight: vec![0.1, -0.2, 0.3, 0.4, -0.5, 0.6],
            bias: vec![0.0; 2],
        };
        let mut head = Head::from_parts(1, Normalisation::None, vec![layer], &device);
        let rows = [
            [1.0, -2.0, 0.5],
            [0.0, 1.5, -1.0],
            [2.0, 0.25, 1.0],
            [-1.0, 1.0, 3.0],
        ];
        let loss = |head: &Head| {
            let features = Tensor::<2>::from_data(rows, &device);
            let targets = Tensor::<1, Int>::from_data([0, 1, 1, 0], &device);
            cross_entropy(head.forward(features), targets, 0.0, None)
        };
        let mut adam = AdamConfig::new().with_epsilon(1e-7).init();
        for _ in 0..5 {
            let gradients = GradientsParams::from_grads(loss(&head).backward(), &head);
            head = adam.step(0.05, head, gradients);
        }
        let Dense { weight, bias } = head.layers().unwrap().remove(0);
        let found = [weight, bias, vec![loss(&head).into_scalar()]].concat();
        let keras = [
            -0.150_435_4,
            0.050_435_4,
            0.055_725_6,
            0.644_274_4,
            -0.250_836_7,
            0.350_836_8,
            0.246_110_4,
            -0.246_110_4,
            0.840_127_6,
        ];
        for (found, keras) in found.iter().zip(keras) {
            assert!((found - keras).abs() < 1e-5, "{found} instead of {keras}");
        }
    }
}
