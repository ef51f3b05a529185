//! Stages behind the cut that our own convolutions train, with Adam's memory of them.

use graft_backbone::CpuStages;
use graft_recipe::Recipe;
use graft_winograd::{Gradient, Optimizer, Parameters, Tape, TrainableStack};

use super::finite::{check_gradient, check_values};
use super::optimiser::values;
use super::plan::stage_factor;
use crate::Error;
use crate::stages::TrainedStages;
use crate::trainable::Trainable;

/// The stages as they are now. The module has them as they were before the first step.
pub(super) struct Kernels {
    stack: TrainableStack,
    initial: CpuStages,
    adam: Optimizer,
    clip_norm: f32,
    /// What a convolution's gradients are called in messages.
    names: Vec<String>,
    /// How many stages lie behind that of each convolution.
    behind: Vec<usize>,
    /// The shape `[channels, height, width]` of the features of an image at the cut.
    maps: [usize; 3],
}

impl Kernels {
    /// Before the first step of `module`; none where Burn trains all that learns.
    pub(super) fn new(recipe: &Recipe, module: &Trainable) -> Result<Option<Self>, Error> {
        let Some(TrainedStages::Winograd(initial)) = &module.stages else {
            return Ok(None);
        };
        let adam = recipe.training.adam;
        let names = initial
            .network()
            .between(initial.range())
            .flat_map(|stage| {
                let convolutions = 1..=stage.outputs.len();
                convolutions
                    .map(move |n| format!("a gradient of convolution {n} of {}", stage.boundary))
            });
        let stages: Vec<_> = initial.network().between(initial.range()).collect();
        let behind = stages.iter().rev().enumerate().rev();
        let behind = behind.flat_map(|(at, stage)| stage.convolutions().map(move |_| at));
        let mut stack = initial.trainable()?;
        for (layer, factor) in factors(initial, recipe.training.stage_factor).enumerate() {
            stack.set_factor(layer, factor);
        }
        Ok(Some(Self {
            stack,
            initial: initial.clone(),
            adam: Optimizer::Adam {
                beta_1: adam.beta_1,
                beta_2: adam.beta_2,
                epsilon: adam.epsilon,
                weight_decay: recipe.training.weight_decay,
            },
            clip_norm: recipe.training.clip_norm,
            names: names.collect(),
            behind: behind.collect(),
            maps: module.maps,
        }))
    }

    /// The features at the boundary of a batch of those at the cut, and what the way back needs.
    pub(super) fn forward(&mut self, features: Vec<f32>) -> Result<(Vec<f32>, Tape), Error> {
        let [channels, height, width] = self.maps;
        let batch = features.len() / (channels * height * width);
        let passed = self.stack.forward(features, batch, height, width);
        Ok(passed.map_err(graft_backbone::Error::from)?)
    }

    /// The way back from the gradient of the features at the boundary: gives `each` the gradients of every
    /// convolution, checked and clipped, the last one's first. Returns the sums of their squares before they were
    /// clipped, stage by stage from the last one.
    pub(super) fn backward(
        &mut self,
        epoch: usize,
        tape: Tape,
        gradient: &[f32],
        mut each: impl FnMut(Gradient),
    ) -> Result<Vec<f64>, Error> {
        let (names, behind, clip_norm) = (&self.names, &self.behind, self.clip_norm);
        let mut squares = vec![0.0; behind.first().map_or(0, |most| most + 1)];
        let done = self.stack.backward(tape, gradient, false, |mut gradient| {
            let (largest, sum) = gradient.largest_and_squares();
            check_gradient(epoch, &names[gradient.layer()], largest)?;
            squares[behind[gradient.layer()]] += sum;
            if clip_norm > 0.0 {
                gradient.clip_norm(clip_norm);
            }
            each(gradient);
            Ok::<(), Error>(())
        });
        done.map(|_| squares)
    }

    /// Step number `time` of these stages, counted from 1. A gradient that is refused moves neither its convolution
    /// nor those before it. Returns what [`Kernels::backward`] does.
    pub(super) fn step(
        &mut self,
        epoch: usize,
        tape: Tape,
        gradient: &[f32],
        (time, learning_rate): (usize, f64),
    ) -> Result<Vec<f64>, Error> {
        #[expect(clippy::cast_possible_truncation, reason = "the precision of weights")]
        let rate = learning_rate as f32;
        let (adam, time) = (self.adam, i32::try_from(time).unwrap_or(i32::MAX));
        self.backward(epoch, tape, gradient, |gradient| {
            gradient.step(adam, rate, time);
        })
    }

    /// Weights and bias of a convolution as they are now.
    pub(super) fn parameters(&self, layer: usize) -> Parameters {
        self.stack.parameters(layer)
    }

    /// Weights and bias of every convolution as they are now.
    pub(super) fn all_parameters(&self) -> impl Iterator<Item = Parameters> {
        (0..self.stack.layers()).map(|layer| self.parameters(layer))
    }

    /// The stages with these weights and biases, to be used.
    pub(super) fn stages(
        &self,
        parameters: impl IntoIterator<Item = Parameters>,
    ) -> Result<TrainedStages, Error> {
        Ok(TrainedStages::Winograd(self.initial.with(parameters)?))
    }

    /// Weights and biases, layer by layer, and then both of Adam's means of them, in 32-bit floats.
    pub(super) fn to_bytes(&self, epoch: usize) -> Result<Vec<u8>, Error> {
        let [mut weights, mut first, mut second] = [const { Vec::new() }; 3];
        for layer in 0..self.stack.layers() {
            append(&mut weights, epoch, "a weight", &self.parameters(layer))?;
            let moments = self.stack.moments(layer).into_iter().flatten();
            for (bytes, moment) in [&mut first, &mut second].into_iter().zip(moments) {
                append(bytes, epoch, "a mean of gradients", &moment)?;
            }
        }
        Ok([weights, first, second].concat())
    }

    /// Puts back what [`Kernels::to_bytes`] wrote.
    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        let values = values(bytes);
        let shapes: Vec<_> = self.initial.parameters().collect();
        let size: usize = shapes
            .iter()
            .map(|one| one.weights.len() + one.bias.len())
            .sum();
        if values.len() != size && values.len() != 3 * size {
            let found = values.len();
            return Err(format!("expected {size} weights of stages, found {found}"));
        }
        let mut parts = values.chunks_exact(size).map(|part| split(part, &shapes));
        let text = |error: graft_winograd::Error| error.to_string();
        for (layer, weights) in parts.next().unwrap_or_default().iter().enumerate() {
            self.stack.set_parameters(layer, weights).map_err(text)?;
        }
        if let (Some(first), Some(second)) = (parts.next(), parts.next()) {
            for (layer, moments) in first.into_iter().zip(second).enumerate() {
                let moments = [Some(moments.0), Some(moments.1)];
                self.stack.set_moments(layer, &moments).map_err(text)?;
            }
        }
        Ok(())
    }
}

/// How many times the head's learning rate each convolution learns at: `factor` times that of the stage
/// behind its own.
fn factors(stages: &CpuStages, factor: f64) -> impl Iterator<Item = f32> {
    let (network, range) = (stages.network(), stages.range());
    let stages: Vec<_> = network.between(range).collect();
    let count = stages.len();
    stages.into_iter().enumerate().flat_map(move |(at, stage)| {
        #[expect(clippy::cast_possible_truncation, reason = "the precision of weights")]
        let factor = stage_factor(factor, count - at) as f32;
        stage.convolutions().map(move |_| factor)
    })
}

/// The weights and biases of a module's stages as bytes; none where its record has them.
pub(super) fn to_bytes(epoch: usize, module: &Trainable) -> Result<Vec<u8>, Error> {
    match &module.stages {
        Some(TrainedStages::Winograd(stages)) => {
            bytes(epoch, &stages.parameters().collect::<Vec<_>>())
        }
        _ => Ok(Vec::new()),
    }
}

/// Weights and biases as bytes.
pub(super) fn bytes(epoch: usize, parameters: &[Parameters]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for parameters in parameters {
        append(&mut bytes, epoch, "a weight", parameters)?;
    }
    Ok(bytes)
}

/// `module` with the weights and biases that [`to_bytes`] wrote.
pub(super) fn restored(mut module: Trainable, bytes: &[u8]) -> Result<Trainable, String> {
    if let Some(TrainedStages::Winograd(stages)) = &module.stages {
        let shapes: Vec<_> = stages.parameters().collect();
        let stages = stages.with(split(&values(bytes), &shapes));
        module.stages = Some(TrainedStages::Winograd(
            stages.map_err(|error| error.to_string())?,
        ));
    }
    Ok(module)
}

fn append(
    bytes: &mut Vec<u8>,
    epoch: usize,
    what: &'static str,
    parameters: &Parameters,
) -> Result<(), Error> {
    for values in [&parameters.weights, &parameters.bias] {
        check_values(epoch, what, values)?;
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(())
}

/// Values as parameters of the sizes of `shapes`, as far as they go.
pub(super) fn split(mut values: &[f32], shapes: &[Parameters]) -> Vec<Parameters> {
    let mut take = |length: usize| {
        let (taken, rest) = values.split_at(length.min(values.len()));
        values = rest;
        taken.to_vec()
    };
    let parameters = shapes.iter().map(|shape| Parameters {
        weights: take(shape.weights.len()),
        bias: take(shape.bias.len()),
    });
    parameters.collect()
}
