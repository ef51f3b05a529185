//! Gradients, and the direct form of what belongs to a layer.

use rayon::prelude::*;

use super::convolution::Weights;
use crate::lanes::Lanes;

/// Numbers that belong to a layer in direct form: weights and bias, or their gradients, or their moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// `[out, in, 3, 3]`
    pub weights: Vec<f32>,
    /// `[out]`
    pub bias: Vec<f32>,
}

/// Gradients of all weights and biases, as [`TrainableStack::step`](super::TrainableStack::step) takes them.
#[derive(Debug, Default)]
pub struct Gradients {
    pub(super) layers: Vec<Weights>,
    pub(super) channels: Vec<[usize; 2]>,
    /// The gradient of the first layer's input, where it was asked for, `[batch, channels, height, width]`.
    pub input: Option<Vec<f32>>,
}

impl Gradients {
    /// Those of layer `layer` in direct form.
    #[must_use]
    pub fn layer(&self, layer: usize) -> Parameters {
        direct(&self.layers[layer], self.channels[layer])
    }

    /// The largest size of any of them; no number where one is none.
    #[must_use]
    pub fn largest(&self) -> f32 {
        let layers = self.layers.iter();
        let numbers = layers.flat_map(|layer| [&layer.filters.numbers[..], &layer.bias]);
        let largest = numbers.map(|numbers| {
            let pieces = numbers.par_chunks(1024).map(largest);
            pieces.reduce(|| 0.0, worse)
        });
        largest.fold(0.0, worse)
    }

    /// Scales down those of a layer's weights, and those of its bias, whose norm is larger than `largest`.
    pub fn clip_norm(&mut self, largest: f32) {
        for layer in &mut self.layers {
            for numbers in [&mut layer.filters.numbers, &mut layer.bias] {
                // As Burn does it, the smallest positive number included.
                let factor = largest / (norm(numbers) + f32::MIN_POSITIVE);
                if factor < 1.0 {
                    numbers
                        .par_iter_mut()
                        .for_each(|lanes| *lanes = factor * *lanes);
                }
            }
        }
    }
}

fn largest(numbers: &[Lanes]) -> f32 {
    let sizes = numbers.iter().flat_map(|lanes| lanes.0.map(f32::abs));
    sizes.fold(0.0, worse)
}

/// The larger one, or the one that is no number.
fn worse(one: f32, other: f32) -> f32 {
    if one > other || one.is_nan() {
        one
    } else {
        other
    }
}

/// The root of the sum of squares, in an order that no number of threads changes.
fn norm(numbers: &[Lanes]) -> f32 {
    let square = |lanes: &Lanes| lanes.0.iter().map(|n| f64::from(*n).powi(2)).sum::<f64>();
    let pieces: Vec<f64> = numbers
        .par_chunks(1024)
        .map(|piece| piece.iter().map(square).sum())
        .collect();
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
    let norm = pieces.iter().sum::<f64>().sqrt() as f32;
    norm
}

/// Weights and bias of `channels` `[in, out]` in direct form.
pub(super) fn direct(weights: &Weights, [_, output]: [usize; 2]) -> Parameters {
    let bias = weights.bias.iter().flat_map(|lanes| lanes.0);
    Parameters {
        weights: weights.filters.direct(),
        bias: bias.take(output).collect(),
    }
}
