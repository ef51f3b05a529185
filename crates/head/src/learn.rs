//! A step of learning: what a loss says about the head's weights, and weights that are moved. How far
//! is for an optimiser to say.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::Head;

/// The gradients of a loss, themselves without any.
#[derive(Debug, Clone)]
pub struct Gradients {
    /// By the weights, `[features, classes]`.
    pub weight: Tensor<2>,
    /// By the bias, `[classes]`.
    pub bias: Tensor<1>,
}

impl Head {
    /// The gradients of `loss`; none where it does not come from this head's logits.
    #[must_use]
    pub fn gradients(&self, loss: &Tensor<1>) -> Option<Gradients> {
        let mut all = loss.backward();
        let bias = self.linear.bias.as_ref()?;
        Some(Gradients {
            weight: self.linear.weight.val().grad_remove(&mut all)?,
            bias: bias.val().grad_remove(&mut all)?,
        })
    }

    /// The head with the weights `[features, classes]` and the bias `[classes]` that the two functions
    /// make of those it has. It can learn on.
    #[must_use]
    pub fn moved(
        mut self,
        weight: impl FnOnce(Tensor<2>) -> Tensor<2>,
        bias: impl FnOnce(Tensor<1>) -> Tensor<1>,
    ) -> Self {
        let Linear {
            weight: old_weight,
            bias: old_bias,
        } = self.linear;
        self.linear = Linear {
            weight: old_weight.map(|old| learning(weight(old.inner()))),
            bias: old_bias.map(|old| old.map(|old| learning(bias(old.inner())))),
        };
        self
    }

    /// The weights `[features, classes]` and the bias `[classes]`.
    #[must_use]
    pub fn tensors(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        let bias = self.linear.bias.as_ref();
        (self.linear.weight.val(), bias.map(Param::val))
    }
}

fn learning<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.autodiff().require_grad()
}

#[cfg(test)]
mod tests {
    use burn::optim::{AdamConfig, GradientsParams, Optimizer};
    use burn::tensor::{Device, Int};

    use super::*;
    use crate::{HeadConfig, cross_entropy};

    /// Burn's optimiser for whole modules is the reference, bit for bit.
    #[test]
    fn moves_as_a_module_does() {
        let device = Device::flex().autodiff();
        let config = HeadConfig {
            features: 4,
            classes: 3,
            seed: 1,
            statistics: None,
        };
        let features = Tensor::<2>::from_data([[1.0, -1.0, 2.0, 0.0]], &device);
        let targets = Tensor::<1, Int>::from_data([2], &device);
        let loss = |head: &Head| cross_entropy(head.forward(features.clone()), targets.clone());
        let (mut ours, mut theirs) = (config.init(&device), config.init(&device));
        let (adam, mut module) = (AdamConfig::new().build(), AdamConfig::new().init());
        let (mut of_weight, mut of_bias) = (None, None);
        for step in 0..5 {
            let gradients = ours.gradients(&loss(&ours)).unwrap();
            let weight = |old| {
                let (new, state) = adam.step(0.1, old, gradients.weight, of_weight.take());
                of_weight = state;
                new
            };
            let bias = |old| {
                let (new, state) = adam.step(0.1, old, gradients.bias, of_bias.take());
                of_bias = state;
                new
            };
            ours = ours.moved(weight, bias);
            let gradients = GradientsParams::from_grads(loss(&theirs).backward(), &theirs);
            theirs = module.step(0.1, theirs, gradients);
            assert_eq!(ours.weight(), theirs.weight(), "step {step}");
            assert_eq!(ours.bias(), theirs.bias(), "step {step}");
        }
        assert_ne!(ours.weight(), config.init(&device).weight());
        assert_ne!(ours.bias(), [0.0; 3]);
    }

    #[test]
    fn a_loss_of_another_head_has_no_gradients() {
        let device = Device::flex().autodiff();
        let other = Tensor::<1>::from_data([1.0], &device).require_grad() * 2.0;
        let config = HeadConfig {
            features: 4,
            classes: 3,
            seed: 1,
            statistics: None,
        };
        assert!(config.init(&device).gradients(&other).is_none());
    }
}
