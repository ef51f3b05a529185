//! What training a head needs, against plain loops in double precision: logits, loss, and a few
//! steps of Adam, in the shapes of the seed recipe.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use graft_head::{HeadConfig, Statistics, cross_entropy};

use super::Checked;
use crate::Error;
use crate::read;

const BATCH: usize = 32;
const FEATURES: usize = 512;
const CLASSES: usize = 10;
const STEPS: i32 = 3;
/// Adam's step size, decays and epsilon, as the seed recipe has them.
const RATE: f64 = 0.001;
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-7;

/// The largest difference of logits and loss that rounding explains; see [`Precision::tolerance`].
///
/// [`Precision::tolerance`]: crate::device::Precision::tolerance
const ROUNDING: f64 = 5e-3;
/// The root of the mean square of the differences of moved weights, in shares of that of the moves.
/// Where a gradient is almost zero Adam makes a whole step of its rounding, so that a few weights may
/// go the wrong way, and the largest difference says little.
const STEP: f64 = 0.05;

/// Compares a few steps of training on the device.
pub(super) fn check(device: &Device) -> Result<Vec<Checked>, Error> {
    let rows = rows();
    let targets: Vec<usize> = (0..BATCH).map(|row| row * 7 % CLASSES).collect();
    let statistics = Statistics {
        mean: vec![0.5; FEATURES],
        deviation: vec![0.25; FEATURES],
    };
    let config = HeadConfig {
        features: FEATURES,
        classes: CLASSES,
        seed: 1,
        statistics: Some(statistics),
    };
    let mut head = config.init(&device.clone().autodiff());
    let before = head.valid().weight();
    let mut plain = Plain::new(&before, &rows);

    let features = Tensor::<2>::from_data(TensorData::new(rows, [BATCH, FEATURES]), device);
    let classes = targets
        .iter()
        .map(|class| i64::try_from(*class).unwrap_or_default());
    let classes = TensorData::new(classes.collect(), [BATCH]);
    let classes = Tensor::<1, Int>::from_data(classes, device);
    let logits = read(head.valid().forward(features.clone()))?;
    let mut checked = vec![Checked::new("logits", &logits, &plain.logits(), ROUNDING)];

    let [first, second] = BETAS;
    #[expect(clippy::cast_possible_truncation, reason = "Burn takes f32")]
    let mut adam = AdamConfig::new()
        .with_beta_1(first as f32)
        .with_beta_2(second as f32)
        .with_epsilon(EPSILON as f32)
        .init();
    for step in 1..=STEPS {
        let logits = head.forward(features.clone().autodiff());
        let loss = cross_entropy(logits, classes.clone().autodiff());
        if step == 1 {
            let found = read(loss.clone().inner())?;
            checked.push(Checked::new(
                "loss",
                &found,
                &[plain.loss(&targets)],
                ROUNDING,
            ));
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = adam.step(RATE, head, gradients);
        plain.step(&targets, step);
    }
    let after = head.valid().weight();
    let moved: Vec<_> = after
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    checked.push(Checked::overall(
        "steps of Adam",
        &moved,
        &plain.moved(&before),
        STEP,
    ));
    Ok(checked)
}

/// Features from 0 to 1 in no order.
fn rows() -> Vec<f32> {
    let grey = |index: usize| u8::try_from(index * 7919 % 251).unwrap_or_default();
    (0..BATCH * FEATURES)
        .map(|index| f32::from(grey(index)) / 250.0)
        .collect()
}

/// The same head in plain loops.
struct Plain {
    /// `[batch, features]`, standardised.
    rows: Vec<f64>,
    /// `[features, classes]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
    /// Adam's means of gradients and of their squares: of the weights, then of the bias.
    means: Vec<[f64; 2]>,
}

impl Plain {
    fn new(weight: &[f32], rows: &[f32]) -> Self {
        Self {
            rows: rows
                .iter()
                .map(|value| (f64::from(*value) - 0.5) / 0.25)
                .collect(),
            weight: weight.iter().map(|value| f64::from(*value)).collect(),
            bias: vec![0.0; CLASSES],
            means: vec![[0.0; 2]; weight.len() + CLASSES],
        }
    }

    fn logits(&self) -> Vec<f64> {
        let rows = self.rows.chunks_exact(FEATURES);
        rows.flat_map(|row| {
            let mut logits = self.bias.clone();
            for (value, weights) in row.iter().zip(self.weight.chunks_exact(CLASSES)) {
                for (logit, weight) in logits.iter_mut().zip(weights) {
                    *logit += value * weight;
                }
            }
            logits
        })
        .collect()
    }

    /// The probabilities of every row.
    fn probabilities(&self) -> Vec<f64> {
        let mut logits = self.logits();
        for row in logits.chunks_exact_mut(CLASSES) {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = row.iter().map(|logit| (logit - largest).exp()).sum();
            for logit in row {
                *logit = (*logit - largest).exp() / total;
            }
        }
        logits
    }

    fn loss(&self, targets: &[usize]) -> f64 {
        let probabilities = self.probabilities();
        let rows = probabilities.chunks_exact(CLASSES).zip(targets);
        let losses = rows.map(|(row, target)| -row[*target].ln());
        losses.sum::<f64>() / f64::from(u8::try_from(BATCH).unwrap_or(u8::MAX))
    }

    /// One step of Adam (Kingma and Ba, 2015) down the mean cross-entropy's gradient.
    fn step(&mut self, targets: &[usize], step: i32) {
        let mut errors = self.probabilities(); // [batch, classes]
        let batch = f64::from(u8::try_from(BATCH).unwrap_or(u8::MAX));
        for (row, target) in errors.chunks_exact_mut(CLASSES).zip(targets) {
            row[*target] -= 1.0;
            for error in row {
                *error /= batch;
            }
        }
        let mut gradients = vec![0.0; self.means.len()];
        let (weights, bias) = gradients.split_at_mut(self.weight.len());
        for (row, errors) in self
            .rows
            .chunks_exact(FEATURES)
            .zip(errors.chunks_exact(CLASSES))
        {
            for (value, gradients) in row.iter().zip(weights.chunks_exact_mut(CLASSES)) {
                for (gradient, error) in gradients.iter_mut().zip(errors) {
                    *gradient += value * error;
                }
            }
            for (gradient, error) in bias.iter_mut().zip(errors) {
                *gradient += error;
            }
        }
        let [first, second] = BETAS;
        let values = self.weight.iter_mut().chain(&mut self.bias);
        for ((value, gradient), means) in values.zip(gradients).zip(&mut self.means) {
            means[0] = first * means[0] + (1.0 - first) * gradient;
            means[1] = second * means[1] + (1.0 - second) * gradient * gradient;
            let mean = means[0] / (1.0 - first.powi(step));
            let square = means[1] / (1.0 - second.powi(step));
            *value -= RATE * mean / (square.sqrt() + EPSILON);
        }
    }

    fn moved(&self, before: &[f32]) -> Vec<f64> {
        let pairs = self.weight.iter().zip(before);
        pairs
            .map(|(after, before)| after - f64::from(*before))
            .collect()
    }
}
