//! A layer's gradients, and the direct form of what belongs to a layer.

use rayon::prelude::*;

use super::layer::TrainableLayer;
use super::optimizer::{Optimizer, Step};
use crate::isa::Isa;
use crate::lanes::{LANES, Lanes};

/// Numbers that belong to a layer in direct form: weights and bias, or their gradients, or their moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// `[out, in, 3, 3]`
    pub weights: Vec<f32>,
    /// `[out]`
    pub bias: Vec<f32>,
}

/// The gradients of one layer's weights and bias, as
/// [`TrainableStack::backward`](super::TrainableStack::backward) hands them out: the next layer's take their
/// memory.
#[derive(Debug)]
pub struct Gradient<'a> {
    pub(super) index: usize,
    pub(super) layer: &'a mut TrainableLayer,
    pub(super) isa: Isa,
    pub(super) filters: &'a mut [Lanes],
    pub(super) bias: &'a mut [Lanes],
}

impl Gradient<'_> {
    /// The layer that they belong to, counted from 0.
    #[must_use]
    pub fn layer(&self) -> usize {
        self.index
    }

    /// The gradients in direct form.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.layer.direct(self.filters, self.bias)
    }

    /// The largest size of any of them, no number where one is none, and the sum of the squares of all.
    #[must_use]
    pub fn largest_and_squares(&self) -> (f32, f64) {
        both(
            largest_and_squares(self.filters),
            largest_and_squares(self.bias),
        )
    }

    /// Scales down those of the weights, and those of the bias, whose norm is larger than `largest`.
    pub fn clip_norm(&mut self, largest: f32) {
        for numbers in [&mut *self.filters, &mut *self.bias] {
            // As Burn does it, the smallest positive number included.
            let factor = largest / (norm(numbers) + f32::MIN_POSITIVE);
            if factor < 1.0 {
                numbers
                    .par_iter_mut()
                    .for_each(|lanes| *lanes = factor * *lanes);
            }
        }
    }

    /// Moves weights and bias of the layer: step number `time`, counted from 1.
    pub fn step(self, optimizer: Optimizer, learning_rate: f32, time: i32) {
        let step = Step::new(optimizer, learning_rate, time);
        self.layer.step(self.isa, step, self.filters, self.bias);
    }
}

/// In one pass over the memory, in an order that no number of threads changes.
fn largest_and_squares(numbers: &[Lanes]) -> (f32, f64) {
    let pieces = numbers.par_chunks(1024).map(|piece| {
        let (mut largest, mut squares) = (Lanes::ZERO, [0.0; LANES]);
        for lanes in piece {
            largest = largest.max(Lanes(lanes.0.map(f32::abs)));
            for (sum, number) in squares.iter_mut().zip(lanes.0) {
                *sum += f64::from(number) * f64::from(number);
            }
        }
        let largest = largest.0.into_iter().fold(0.0, worse);
        (largest, squares.iter().sum())
    });
    let pieces: Vec<_> = pieces.collect();
    pieces.into_iter().fold((0.0, 0.0), both)
}

fn both(one: (f32, f64), other: (f32, f64)) -> (f32, f64) {
    (worse(one.0, other.0), one.1 + other.1)
}

/// The larger one, or the one that is no number.
fn worse(one: f32, other: f32) -> f32 {
    if one > other || one.is_nan() {
        one
    } else {
        other
    }
}

/// The root of the sum of squares.
fn norm(numbers: &[Lanes]) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding")]
    let norm = largest_and_squares(numbers).1.sqrt() as f32;
    norm
}
