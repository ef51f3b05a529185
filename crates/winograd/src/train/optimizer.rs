//! One step of an optimiser over flat numbers: read once, written once.
//!
//! Every number goes through the same f32 operations in the same order as in Burn 0.22 (which are Keras's
//! and `PyTorch`'s up to rounding), so that a training may change engines.

use rayon::prelude::*;

use crate::isa::{Instructions, Isa, Kernel};
use crate::lanes::Lanes;

/// Numbers that a thread takes at once, in blocks of 16.
const PIECE: usize = 1024;

/// How gradients move weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Adam (D. Kingma and J. Ba, 2015).
    Adam {
        /// Decay of the mean of gradients.
        beta_1: f32,
        /// Decay of the mean of their squares.
        beta_2: f32,
        /// Added to the root of that mean.
        epsilon: f32,
        /// The share of a weight, times the learning rate, that each step takes away: decoupled weight decay
        /// (`AdamW`; I. Loshchilov and F. Hutter, 2019). 0 takes nothing.
        weight_decay: f32,
    },
    /// Stochastic gradient descent: `v = momentum * v + gradient`, `w = w - learning_rate * v`.
    Sgd {
        /// Decay of the sum of gradients; 0 for plain gradient descent.
        momentum: f32,
    },
}

/// An [`Optimizer`] at a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Adam {
        beta_1: f32,
        beta_2: f32,
        /// Both with the corrections for means that began as zeros.
        factor: f32,
        epsilon: f32,
        weight_decay: f32,
        learning_rate: f32,
    },
    Sgd {
        momentum: f32,
        learning_rate: f32,
    },
}

impl Step {
    /// Step number `time`, counted from 1.
    pub(super) fn new(optimizer: Optimizer, learning_rate: f32, time: i32) -> Self {
        match optimizer {
            Optimizer::Adam {
                beta_1,
                beta_2,
                epsilon,
                weight_decay,
            } => {
                let correction = (1.0 - beta_2.powi(time)).sqrt();
                Self::Adam {
                    beta_1,
                    beta_2,
                    factor: correction / (1.0 - beta_1.powi(time)),
                    epsilon: epsilon * correction,
                    weight_decay,
                    learning_rate,
                }
            }
            Optimizer::Sgd { momentum } => Self::Sgd {
                momentum,
                learning_rate,
            },
        }
    }

    /// The same step at a learning rate that is `factor` times as large.
    pub(super) fn scaled(mut self, factor: f32) -> Self {
        let (Self::Adam { learning_rate, .. } | Self::Sgd { learning_rate, .. }) = &mut self;
        *learning_rate *= factor;
        self
    }

    /// Moves weights and both moments (the first alone where the optimiser has no second).
    pub(super) fn apply(
        self,
        isa: Isa,
        weights: &mut [Lanes],
        gradients: &[Lanes],
        [first, second]: [&mut [Lanes]; 2],
    ) {
        weights
            .par_chunks_mut(PIECE)
            .zip(gradients.par_chunks(PIECE))
            .zip(first.par_chunks_mut(PIECE))
            .zip(second.par_chunks_mut(PIECE))
            .for_each(|(((weights, gradients), first), second)| {
                isa.run(Piece {
                    step: self,
                    weights,
                    gradients,
                    first,
                    second,
                });
            });
    }
}

struct Piece<'a> {
    step: Step,
    weights: &'a mut [Lanes],
    gradients: &'a [Lanes],
    first: &'a mut [Lanes],
    second: &'a mut [Lanes],
}

impl Kernel for Piece<'_> {
    #[inline(always)]
    fn run(self, _: Instructions) {
        let numbers = self.weights.iter_mut().zip(self.gradients);
        let numbers = numbers.zip(self.first.iter_mut().zip(self.second));
        match self.step {
            Step::Adam {
                beta_1,
                beta_2,
                factor,
                epsilon,
                weight_decay,
                learning_rate,
            } => {
                let (rest_1, rest_2) = (1.0 - beta_1, 1.0 - beta_2);
                // 1 where nothing decays, which changes no weight.
                let rest = 1.0 - learning_rate * weight_decay;
                for ((weight, gradient), (first, second)) in numbers {
                    for lane in 0..gradient.0.len() {
                        let g = gradient.0[lane];
                        let m = first.0[lane] * beta_1 + g * rest_1;
                        let v = second.0[lane] * beta_2 + g * g * rest_2;
                        (first.0[lane], second.0[lane]) = (m, v);
                        let delta = m * factor / (v.sqrt() + epsilon) * learning_rate;
                        weight.0[lane] = weight.0[lane] * rest - delta;
                    }
                }
            }
            Step::Sgd {
                momentum,
                learning_rate,
            } => {
                for ((weight, gradient), (first, _)) in numbers {
                    *first = *gradient + momentum * *first;
                    *weight = *weight - learning_rate * *first;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADAM: Optimizer = Optimizer::Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-7,
        weight_decay: 0.0,
    };
    const ADAM_W: Optimizer = Optimizer::Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-7,
        weight_decay: 0.5,
    };

    /// 1,000 steps on `(w - 3)^2 / 2` with noise, in f64.
    fn reference(optimizer: Optimizer, rate: f64) -> f64 {
        let (mut weight, mut first, mut second) = (0.5_f64, 0.0_f64, 0.0_f64);
        for time in 1..=1000 {
            let slope = gradient(weight as f32, time);
            match optimizer {
                Optimizer::Adam {
                    beta_1,
                    beta_2,
                    epsilon,
                    weight_decay,
                } => {
                    let [beta_1, beta_2, epsilon] = [beta_1, beta_2, epsilon].map(f64::from);
                    weight *= 1.0 - rate * f64::from(weight_decay);
                    first = beta_1 * first + (1.0 - beta_1) * slope;
                    second = beta_2 * second + (1.0 - beta_2) * slope * slope;
                    let mean = first / (1.0 - beta_1.powi(time));
                    let square = second / (1.0 - beta_2.powi(time));
                    weight -= rate * mean / (square.sqrt() + epsilon);
                }
                Optimizer::Sgd { momentum } => {
                    first = f64::from(momentum) * first + slope;
                    weight -= rate * first;
                }
            }
        }
        weight
    }

    fn gradient(weight: f32, time: i32) -> f64 {
        f64::from(weight) - 3.0 + f64::from(time % 7 - 3) / 8.0
    }

    #[test]
    fn a_thousand_steps_end_where_the_definition_ends_on_every_instruction_set() {
        for isa in Isa::available() {
            // A decay is 0.9995 but for rounding, a thousand times.
            for (optimizer, tolerance) in [
                (ADAM, 1e-5),
                (ADAM_W, 5e-5),
                (Optimizer::Sgd { momentum: 0.9 }, 1e-5),
            ] {
                let rate = 0.001;
                let mut weights = vec![Lanes([0.5; 16]); 3];
                let [mut first, mut second] = [vec![Lanes::ZERO; 3], vec![Lanes::ZERO; 3]];
                for time in 1..=1000 {
                    let gradients: Vec<Lanes> = weights
                        .iter()
                        .map(|lanes| Lanes(lanes.0.map(|w| gradient(w, time) as f32)))
                        .collect();
                    let moments = [&mut first[..], &mut second[..]];
                    Step::new(optimizer, rate as f32, time).apply(
                        isa,
                        &mut weights,
                        &gradients,
                        moments,
                    );
                }
                let expected = reference(optimizer, rate);
                for found in weights.iter().flat_map(|lanes| lanes.0) {
                    let difference = (f64::from(found) - expected).abs();
                    assert!(
                        difference < tolerance * expected.abs(),
                        "{isa:?}, {found}, {expected}"
                    );
                }
            }
        }
    }
}
