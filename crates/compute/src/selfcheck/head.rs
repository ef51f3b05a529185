//! What training a head needs, against plain loops in double precision: logits, loss, and a few
//! steps of Adam, in the shapes of the seed recipe.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use graft_head::{Head, HeadConfig, Normalisation, Statistics, cross_entropy};

use super::{Comparison, largest, overall};
use crate::{Error, read};

const BATCH: usize = 32;
const FEATURES: usize = 512;
const CLASSES: usize = 10;
const STEPS: i32 = 3;
/// Adam's learning rate, betas and epsilon, as the seed recipe has them.
const RATE: f64 = 0.001;
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-7;
/// The length of features with `head.normalise = "power-l2"`.
const SCALE: f32 = 30.0;
/// The values that are averaged with `head.pool = "average"`, and the units of a hidden layer.
const PLACES: usize = 4;
const UNITS: usize = 64;

/// The largest difference of logits and loss that rounding explains; see
/// [`Precision::tolerance`](graft_recipe::Precision::tolerance).
const ROUNDING: f64 = 5e-3;
/// The same for moved weights, over all of them. Where a gradient is almost zero Adam makes a whole
/// step of its rounding, so that a few weights may go the wrong way, and the largest difference says
/// little.
const STEP: f64 = 0.05;

/// Compares a few steps of training on the device.
pub(super) fn check(device: &Device) -> Result<Vec<Comparison>, Error> {
    let targets: Vec<usize> = (0..BATCH).map(|row| row * 7 % CLASSES).collect();
    let linear = HeadConfig::linear(FEATURES, CLASSES, 1);
    let config = HeadConfig {
        normalise: Normalisation::Standardise(Statistics {
            mean: vec![0.5; FEATURES],
            deviation: vec![0.25; FEATURES],
        }),
        ..linear.clone()
    };
    let mut head = config.init(&device.clone().autodiff());
    let before = weight(&head.valid())?;
    let rows = rows();
    let standardised = |row: &[f64]| row.iter().map(|x| (x - 0.5) / 0.25).collect();
    let mut reference = Reference::new(&before, &rows, standardised);
    let roots = Reference::new(&before, &rows, roots);

    let deep = HeadConfig {
        places: PLACES,
        hidden: vec![UNITS],
        ..linear.clone()
    };
    let deep = deep.init(device);
    let expected = deep_logits(&deep, &rows)?;
    let features = Tensor::<2>::from_data(TensorData::new(rows, [BATCH, FEATURES]), device);
    let classes = targets.iter().map(|class| i64::try_from(*class));
    let classes: Vec<_> = classes.map(Result::unwrap_or_default).collect();
    let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [BATCH]), device);
    let logits = read(head.valid().forward(features.clone()))?;
    let normalise = Normalisation::PowerL2 { scale: SCALE };
    let power = HeadConfig {
        normalise,
        ..linear
    }
    .init(device);
    let deep = read(deep.forward(features.clone()))?;
    let normalised = read(power.forward(features.clone()))?;
    let loss = cross_entropy(
        head.valid().forward(features.clone()),
        classes.clone(),
        0.0,
        None,
    );
    let mut compared = vec![
        Comparison::new("logits", largest(&logits, &reference.logits()), ROUNDING),
        Comparison::new(
            "normalised logits",
            largest(&normalised, &roots.logits()),
            ROUNDING,
        ),
        Comparison::new(
            "logits behind hidden layers",
            largest(&deep, &expected),
            ROUNDING,
        ),
        Comparison::new(
            "loss",
            largest(&read(loss)?, &[reference.loss(&targets)]),
            ROUNDING,
        ),
    ];

    #[expect(clippy::cast_possible_truncation, reason = "Burn takes f32")]
    let mut adam = AdamConfig::new()
        .with_beta_1(BETAS[0] as f32)
        .with_beta_2(BETAS[1] as f32)
        .with_epsilon(EPSILON as f32)
        .init();
    for step in 1..=STEPS {
        let logits = head.forward(features.clone().autodiff());
        let loss = cross_entropy(logits, classes.clone().autodiff(), 0.0, None);
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = adam.step(RATE, head, gradients);
        reference.step(&targets, step);
    }
    let after = weight(&head.valid())?;
    let moved: Vec<_> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
    let expected = reference.weight.iter().zip(&before);
    let expected: Vec<_> = expected.map(|(a, b)| a - f64::from(*b)).collect();
    compared.push(Comparison::new(
        "steps of Adam",
        overall(&moved, &expected),
        STEP,
    ));
    Ok(compared)
}

/// Of its last layer.
fn weight(head: &Head) -> Result<Vec<f32>, Error> {
    let layers = head.layers().map_err(Error::device)?;
    Ok(layers
        .into_iter()
        .next_back()
        .map_or(Vec::new(), |last| last.weight))
}

/// The logits of a head that averages [`PLACES`] and has hidden layers, in plain loops.
#[expect(clippy::cast_precision_loss, reason = "a few places")]
fn deep_logits(head: &Head, rows: &[f32]) -> Result<Vec<f64>, Error> {
    let layers = head.layers().map_err(Error::device)?;
    let logits = rows.chunks_exact(FEATURES).flat_map(|row| {
        let sum = |values: &[f32]| values.iter().copied().map(f64::from).sum::<f64>();
        let means = row
            .chunks_exact(PLACES)
            .map(|values| sum(values) / PLACES as f64);
        let mut values: Vec<f64> = means.collect();
        for (number, layer) in layers.iter().enumerate() {
            let outputs = layer.bias.len();
            let sum = |(output, bias): (usize, &f32)| {
                let column = layer.weight[output..].iter().step_by(outputs);
                let products = values
                    .iter()
                    .zip(column)
                    .map(|(value, weight)| value * f64::from(*weight));
                let sum = f64::from(*bias) + products.sum::<f64>();
                if number + 1 < layers.len() {
                    sum.max(0.0)
                } else {
                    sum
                }
            };
            values = layer.bias.iter().enumerate().map(sum).collect();
        }
        values
    });
    Ok(logits.collect())
}

/// Features from 0 to 1 in no order.
fn rows() -> Vec<f32> {
    let grey = |index: usize| u8::try_from(index * 7919 % 251).unwrap_or_default();
    (0..BATCH * FEATURES)
        .map(|index| f32::from(grey(index)) / 250.0)
        .collect()
}

/// Square roots of a row, of the length [`SCALE`].
fn roots(row: &[f64]) -> Vec<f64> {
    let sum: f64 = row.iter().sum();
    let root = |value: &f64| f64::from(SCALE) * (value / sum).sqrt();
    row.iter().map(root).collect()
}

/// The same head in plain loops. The bias is the weight of a last feature, which is always 1.
struct Reference {
    /// `[batch, features + 1]`, normalised.
    rows: Vec<f64>,
    /// `[features + 1, classes]`.
    weight: Vec<f64>,
    /// Adam's means of gradients and of their squares.
    means: Vec<[f64; 2]>,
}

impl Reference {
    fn new(weight: &[f32], rows: &[f32], normalise: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        let row = |row: &[f32]| {
            let row: Vec<_> = row.iter().copied().map(f64::from).collect();
            [normalise(&row), vec![1.0]].concat()
        };
        let weight = weight.iter().map(|value| f64::from(*value));
        let weight: Vec<_> = weight.chain([0.0; CLASSES]).collect();
        Self {
            rows: rows.chunks_exact(FEATURES).flat_map(row).collect(),
            means: vec![[0.0; 2]; weight.len()],
            weight,
        }
    }

    fn logits(&self) -> Vec<f64> {
        let mut logits = vec![0.0; BATCH * CLASSES];
        for (index, logit) in logits.iter_mut().enumerate() {
            let row = self.rows[index / CLASSES * (FEATURES + 1)..].iter();
            let column = self.weight[index % CLASSES..].iter().step_by(CLASSES);
            *logit = row.zip(column).map(|(x, weight)| x * weight).sum();
        }
        logits
    }

    /// The probabilities of every row.
    fn probabilities(&self) -> Vec<f64> {
        let mut values = self.logits();
        for row in values.chunks_exact_mut(CLASSES) {
            let total: f64 = row.iter().map(|logit| logit.exp()).sum();
            for value in row {
                *value = value.exp() / total;
            }
        }
        values
    }

    fn loss(&self, targets: &[usize]) -> f64 {
        let probabilities = self.probabilities();
        let rows = probabilities.chunks_exact(CLASSES).zip(targets);
        mean(rows.map(|(row, target)| -row[*target].ln()))
    }

    /// One step of Adam (Kingma and Ba, 2015) down the mean cross-entropy's gradient.
    fn step(&mut self, targets: &[usize], step: i32) {
        let mut errors = self.probabilities(); // [batch, classes]
        for (row, target) in errors.chunks_exact_mut(CLASSES).zip(targets) {
            row[*target] -= 1.0;
        }
        let [first, second] = BETAS;
        let parameters = self.weight.iter_mut().zip(&mut self.means);
        for (index, (weight, means)) in parameters.enumerate() {
            let feature = self.rows[index / CLASSES..].iter().step_by(FEATURES + 1);
            let errors = errors[index % CLASSES..].iter().step_by(CLASSES);
            let gradient = mean(feature.zip(errors).map(|(x, error)| x * error));
            means[0] = first * means[0] + (1.0 - first) * gradient;
            means[1] = second * means[1] + (1.0 - second) * gradient * gradient;
            let mean = means[0] / (1.0 - first.powi(step));
            let square = means[1] / (1.0 - second.powi(step));
            *weight -= RATE * mean / (square.sqrt() + EPSILON);
        }
    }
}

/// The mean over the batch.
#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / BATCH as f64
}
