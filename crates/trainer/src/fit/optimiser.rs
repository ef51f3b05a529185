//! Adam, with what it remembers from step to step: means of the gradients and of their squares.

use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};
use graft_head::{Gradients, Head};

use crate::Error;
use graft_compute::read;
use graft_recipe::Recipe;

/// What it remembers, in the order of [`Moments`].
pub(super) const MOMENTS: [&str; 4] = [
    "adam.weight.moment_1",
    "adam.weight.moment_2",
    "adam.bias.moment_1",
    "adam.bias.moment_2",
];

/// The means of the gradients and of their squares: by the weights, both `[features, classes]` row by
/// row, and by the bias, both `[classes]`. Before the first step there are none.
pub(super) type Moments = [Vec<f32>; 4];

/// The optimiser of one head.
pub(super) struct Optimiser {
    adam: Adam,
    weight: Option<AdamState<2>>,
    bias: Option<AdamState<1>>,
}

impl Optimiser {
    /// Before the first step.
    pub(super) fn new(recipe: &Recipe) -> Self {
        let adam = recipe.training.adam;
        Self {
            adam: AdamConfig::new()
                .with_beta_1(adam.beta_1)
                .with_beta_2(adam.beta_2)
                .with_epsilon(adam.epsilon)
                .build(),
            weight: None,
            bias: None,
        }
    }

    /// After `steps` steps that left `moments`, for a head of `shape`, which is
    /// `[features, classes]`. They must be as long as that says.
    pub(super) fn after(
        recipe: &Recipe,
        steps: usize,
        moments: Moments,
        shape: [usize; 2],
        device: &Device,
    ) -> Self {
        let [weight_1, weight_2, bias_1, bias_2] = moments;
        Self {
            weight: Some(state(steps, weight_1, weight_2, shape, device)),
            bias: Some(state(steps, bias_1, bias_2, [shape[1]], device)),
            ..Self::new(recipe)
        }
    }

    /// One step: `head`, moved.
    pub(super) fn step(&mut self, learning_rate: f64, head: Head, gradients: Gradients) -> Head {
        let Self { adam, weight, bias } = self;
        head.moved(
            |old| step(adam, learning_rate, old, gradients.weight, weight),
            |old| step(adam, learning_rate, old, gradients.bias, bias),
        )
    }

    /// What it remembers.
    ///
    /// # Errors
    /// When the device does not give its tensors back.
    pub(super) fn moments(&self) -> Result<Moments, Error> {
        let [weight_1, weight_2] = moments(self.weight.as_ref())?;
        let [bias_1, bias_2] = moments(self.bias.as_ref())?;
        Ok([weight_1, weight_2, bias_1, bias_2])
    }
}

fn step<const D: usize>(
    adam: &Adam,
    learning_rate: f64,
    old: Tensor<D>,
    gradient: Tensor<D>,
    state: &mut Option<AdamState<D>>,
) -> Tensor<D> {
    let (new, after) = adam.step(learning_rate, old, gradient, state.take());
    *state = after;
    new
}

fn state<const D: usize>(
    steps: usize,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> AdamState<D> {
    let tensor = |values| Tensor::from_data(TensorData::new(values, shape), device);
    AdamState::new(AdaptiveMomentumState::new(
        steps,
        tensor(moment_1),
        tensor(moment_2),
    ))
}

fn moments<const D: usize>(state: Option<&AdamState<D>>) -> Result<[Vec<f32>; 2], Error> {
    let Some(AdamState { momentum }) = state else {
        return Ok([Vec::new(), Vec::new()]);
    };
    Ok([
        read(momentum.moment_1.clone())?,
        read(momentum.moment_2.clone())?,
    ])
}
