//! The moving average of weights, which is evaluated and kept in their place where a recipe asks for it.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use graft_winograd::Parameters;

use super::kernels::Kernels;
use crate::trainable::Trainable;

/// The average so far.
pub(super) struct Average {
    decay: f32,
    /// Of Burn's parameters, without gradients.
    pub(super) module: Trainable,
    /// Of stages that our own convolutions train, layer by layer.
    pub(super) stages: Vec<Parameters>,
}

impl Average {
    /// Before the first step; none where `decay` is 0.
    pub(super) fn new(decay: f32, module: &Trainable, kernels: Option<&Kernels>) -> Option<Self> {
        let stages = || kernels.into_iter().flat_map(Kernels::all_parameters);
        (decay > 0.0).then(|| Self {
            decay,
            module: module.valid(),
            stages: stages().collect(),
        })
    }

    /// Takes in the weights after step `number`, counted from 1.
    pub(super) fn update(&mut self, number: usize, module: &Trainable, kernels: Option<&Kernels>) {
        let share = share(self.decay, number);
        let mut now = Values::default();
        module.valid().visit(&mut now);
        self.module = self.module.clone().map(&mut Mix {
            now: now.0.into_iter(),
            share,
        });
        let now = kernels.into_iter().flat_map(Kernels::all_parameters);
        for (average, now) in self.stages.iter_mut().zip(now) {
            let weights = average.weights.iter_mut().zip(now.weights);
            let bias = average.bias.iter_mut().zip(now.bias);
            weights
                .chain(bias)
                .for_each(|(average, now)| *average += (now - *average) * share);
        }
    }
}

/// The share of the weights after step `number` in the average: 1 less the decay, which begins low so
/// that the first weights are soon forgotten.
///
/// Source: `TensorFlow`'s `ExponentialMovingAverage` with `num_updates`.
#[expect(
    clippy::cast_precision_loss,
    reason = "rounding moves the share by nothing that matters"
)]
fn share(decay: f32, number: usize) -> f32 {
    let number = number as f32;
    1.0 - decay.min((1.0 + number) / (10.0 + number))
}

/// Every parameter as a row, in the module's order.
#[derive(Default)]
struct Values(Vec<Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().flatten(0, D - 1));
    }
}

/// Moves every parameter a share of the way to its value now. One that is the same stays what it is.
struct Mix<I> {
    now: I,
    share: f32,
}

impl<I: Iterator<Item = Tensor<1>>> ModuleMapper for Mix<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(now) = self.now.next() else {
            return param;
        };
        param.map(|average| {
            let now = now.reshape(average.dims());
            average.clone() + (now - average).mul_scalar(self.share)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_count_more() {
        for (number, expected) in [(1, 9.0 / 11.0), (8, 0.5), (10_000, 0.01)] {
            let found = share(0.99, number);
            assert!((found - expected).abs() < 1e-6, "{number}: {found}");
        }
    }
}
