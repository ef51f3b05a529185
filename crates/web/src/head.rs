//! From maps to probabilities: average and normalise where asked, fully connected layers, softmax; in double
//! precision.

use std::slice::ChunksExact;

use crate::Error;
use crate::file::{Tensors, refused};

/// The smallest divisor of features, as in training.
const SMALLEST_SUM: f32 = 1e-12;

/// What is done to features before the first layer.
#[derive(Debug)]
enum Normalisation {
    None,
    /// What is subtracted from the features, and what they are divided by then.
    Standardise([Vec<f32>; 2]),
    /// Signed square roots, brought to this length.
    PowerL2(f32),
}

impl Normalisation {
    fn apply(&self, features: &[f32]) -> Vec<f32> {
        match self {
            Self::None => features.to_vec(),
            Self::Standardise([mean, deviation]) => {
                let features = features.iter().zip(mean).zip(deviation);
                let scaled =
                    features.map(|((feature, mean), deviation)| (feature - mean) / deviation);
                scaled.collect()
            }
            Self::PowerL2(scale) => {
                let sum = features.iter().map(|feature| feature.abs()).sum::<f32>();
                let sum = sum.max(SMALLEST_SUM);
                let root = |feature: &f32| scale * (feature.abs() / sum).sqrt().copysign(*feature);
                features.iter().map(root).collect()
            }
        }
    }
}

/// A fully connected layer.
#[derive(Debug)]
struct Dense {
    /// `[inputs, outputs]`
    weight: Vec<f32>,
    /// `[outputs]`
    bias: Vec<f32>,
}

impl Dense {
    /// What the outputs take of each input.
    fn rows(&self) -> ChunksExact<'_, f32> {
        self.weight.chunks_exact(self.bias.len())
    }

    fn forward(&self, inputs: &[f64]) -> Vec<f64> {
        let mut outputs: Vec<f64> = self.bias.iter().copied().map(f64::from).collect();
        for (input, row) in inputs.iter().zip(self.rows()) {
            for (output, weight) in outputs.iter_mut().zip(row) {
                *output += input * f64::from(*weight);
            }
        }
        outputs
    }
}

/// The numbers of a head.
#[derive(Debug)]
pub struct Head {
    /// How many values of a channel are averaged to one.
    places: usize,
    normalise: Normalisation,
    /// Each is followed by a rectifier.
    hidden: Vec<Dense>,
    /// The logits.
    linear: Dense,
}

impl Head {
    /// The head in a run's file, for `classes` classes.
    ///
    /// # Errors
    /// When the bytes are no such file.
    pub fn from_bytes(file: &[u8], classes: usize) -> Result<Self, Error> {
        Self::read(&Tensors::open(file)?, classes)
    }

    /// The head in `file`, for `classes` classes.
    pub(crate) fn read(file: &Tensors, classes: usize) -> Result<Self, Error> {
        let vector = |name: &str, length: usize| match file.get::<1>(name)? {
            (values, [found]) if found == length => Ok(values),
            (_, found) => Err(refused(
                format!("{name} of [{length}]"),
                format!("{found:?}"),
            )),
        };
        let dense = |name: &str, before: Option<&Dense>| {
            let (weight, [rows, outputs]) = file.get(&format!("{name}.weight"))?;
            if before.is_some_and(|before| before.bias.len() != rows) || outputs == 0 {
                let expected =
                    format!("{name}.weight with a row for each output of the layer before");
                return Err(refused(expected, format!("[{rows}, {outputs}]")));
            }
            let bias = vector(&format!("{name}.bias"), outputs)?;
            Ok(Dense { weight, bias })
        };
        let mut hidden = Vec::new();
        let names = (1..).map(|number| format!("hidden{number}"));
        for name in names.take_while(|name| file.has(&format!("{name}.weight"))) {
            hidden.push(dense(&name, hidden.last())?);
        }
        let linear = dense("linear", hidden.last())?;
        let columns = linear.bias.len();
        if columns != classes {
            let expected = format!("linear.weight with a column for each of {classes} classes");
            return Err(refused(expected, format!("{columns} columns")));
        }
        let features = hidden.first().unwrap_or(&linear).rows().len();
        let statistics = |part: &str| vector(&format!("standardise.{part}"), features);
        Ok(Self {
            places: if file.has("average_pool.places") {
                whole(vector("average_pool.places", 1)?[0])?
            } else {
                1
            },
            normalise: if file.has("standardise.mean") {
                Normalisation::Standardise([statistics("mean")?, statistics("deviation")?])
            } else if file.has("power_l2.scale") {
                Normalisation::PowerL2(vector("power_l2.scale", 1)?[0])
            } else {
                Normalisation::None
            },
            hidden,
            linear,
        })
    }

    /// A logit for each class.
    pub(crate) fn logits(&self, features: &[f32]) -> Result<Vec<f64>, Error> {
        let first = self.hidden.first().unwrap_or(&self.linear);
        let expected = first.rows().len() * self.places;
        if features.len() != expected {
            let wanted = format!("a head for {} features", features.len());
            return Err(refused(wanted, format!("one for {expected}")));
        }
        Ok(self.linear.forward(&self.inputs(features).1))
    }

    /// What each hidden layer takes, of which the first takes normalised features; and what the last layer takes.
    fn inputs(&self, features: &[f32]) -> (Vec<Vec<f64>>, Vec<f64>) {
        #[expect(clippy::cast_precision_loss, reason = "maps are far smaller than 2^24")]
        let mean = |values: &[f32]| values.iter().sum::<f32>() / self.places as f32;
        let means: Vec<f32> = features.chunks_exact(self.places).map(mean).collect();
        let normalised = self.normalise.apply(&means);
        let mut values: Vec<f64> = normalised.into_iter().map(f64::from).collect();
        let mut inputs = Vec::new();
        for layer in &self.hidden {
            let outputs = layer.forward(&values).into_iter();
            let outputs = outputs.map(|output| output.max(0.0)).collect();
            inputs.push(std::mem::replace(&mut values, outputs));
        }
        (inputs, values)
    }

    /// What each place of the maps adds to the logit of `class` more than to the mean of all logits, since only
    /// differences of logits count: the sum over the channels of normalised feature times slope, which without hidden
    /// layers is the weight. All places, and what the biases add, are the logit less the mean logit: with its
    /// rectifiers a head is linear around any features. Where maps are averaged, what a mean adds is shared by its
    /// places as they share the mean.
    ///
    /// # Shapes
    /// `features` are maps `[channels, side, side]`, flattened; a row holds the `side` places beside each other.
    ///
    /// Source: B. Zhou et al., "Learning deep features for discriminative localization" (2016), with a weight for
    /// every place instead of their mean; for hidden layers A. Shrikumar et al., "Not just a black box" (2016),
    /// gradient times input.
    #[must_use]
    pub fn contributions(&self, features: &[f32], class: usize, side: usize) -> Vec<Vec<f64>> {
        let (inputs, last) = self.inputs(features);
        let mut slopes: Vec<f64> = self
            .linear
            .rows()
            .map(|row| above_mean(row, class))
            .collect();
        let outputs = inputs.iter().skip(1).chain([&last]);
        let layers: Vec<_> = self.hidden.iter().zip(outputs).collect();
        for (layer, outputs) in layers.into_iter().rev() {
            // A rectifier passes a slope on where it passed a value on.
            let passed = slopes.iter().zip(outputs);
            let passed: Vec<f64> = passed
                .map(|(slope, output)| if *output > 0.0 { *slope } else { 0.0 })
                .collect();
            let sum = |row: &[f32]| {
                let products = row.iter().zip(&passed);
                products
                    .map(|(weight, slope)| f64::from(*weight) * slope)
                    .sum()
            };
            slopes = layer.rows().map(sum).collect();
        }
        let normalised = inputs.first().unwrap_or(&last);
        let mut places = vec![0.0; side * side];
        let channels = features.chunks_exact(self.places);
        for (at, (values, (feature, slope))) in
            channels.zip(normalised.iter().zip(slopes)).enumerate()
        {
            let sum: f64 = values.iter().copied().map(f64::from).sum();
            for (place, value) in (at * self.places..).zip(values) {
                let share = if sum == 0.0 {
                    1.0 / len(values)
                } else {
                    f64::from(*value) / sum
                };
                places[place % (side * side)] += feature * slope * share;
            }
        }
        places.chunks(side).map(<[f64]>::to_vec).collect()
    }
}

/// A whole number from 1 that a file keeps as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number in these limits"
)]
fn whole(found: f32) -> Result<usize, Error> {
    if (1.0..=65_536.0).contains(&found) && found.fract() == 0.0 {
        return Ok(found as usize);
    }
    let expected = "average_pool.places as a whole number from 1 to 65536".to_owned();
    Err(refused(expected, found.to_string()))
}

#[expect(clippy::cast_precision_loss, reason = "maps are far smaller than 2^53")]
fn len(values: &[f32]) -> f64 {
    values.len() as f64
}

/// The value of `class`, less the mean of all classes' values.
#[expect(clippy::cast_precision_loss, reason = "there are at most 256 classes")]
fn above_mean(values: &[f32], class: usize) -> f64 {
    let sum: f64 = values.iter().copied().map(f64::from).sum();
    f64::from(values[class]) - sum / values.len() as f64
}

/// The class with the largest logit, the first of equals, and the probability of every class.
pub(crate) fn softmax(logits: &[f64]) -> (usize, Vec<f64>) {
    // Of equals `max_by` gives the last.
    let ranked = logits.iter().enumerate().rev();
    let best = ranked.max_by(|(_, a), (_, b)| a.total_cmp(b));
    let (class, largest) = best.unwrap_or((0, &0.0));
    let shares: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    (class, shares.iter().map(|share| share / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_roots_have_the_length_that_is_asked_for() {
        // sqrt(9) = 3 and -sqrt(16) = -4 have length 5.
        let found = Normalisation::PowerL2(10.0).apply(&[9.0, -16.0, 0.0]);
        for (found, expected) in found.iter().zip([6.0, -8.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found}");
        }
        assert_eq!(Normalisation::PowerL2(10.0).apply(&[0.0; 2]), [0.0; 2]);
    }

    fn dense(inputs: u8, outputs: u8) -> Dense {
        let weight = (0..inputs * outputs).map(|at| f32::from(at * 7 % 11) - 5.0);
        Dense {
            weight: weight.collect(),
            bias: (0..outputs).map(|at| 0.5 - f32::from(at)).collect(),
        }
    }

    /// The logit of `class` less the mean logit.
    fn above(logits: &[f64], class: usize) -> f64 {
        logits[class] - f64::midpoint(logits[0], logits[1])
    }

    #[test]
    fn places_and_bias_add_up_to_the_logit() {
        let features: Vec<f32> = (0..12u8).map(|at| f32::from(at) - 3.0).collect(); // [3, 2, 2]
        for normalise in [
            Normalisation::None,
            Normalisation::PowerL2(30.0),
            Normalisation::Standardise([vec![1.0; 12], vec![2.0; 12]]),
        ] {
            let head = Head {
                places: 1,
                normalise,
                hidden: Vec::new(),
                linear: dense(12, 2),
            };
            let logits = head.logits(&features).unwrap();
            for class in 0..2 {
                let places = head.contributions(&features, class, 2);
                let sum: f64 = places.iter().flatten().sum();
                let found = sum + above_mean(&head.linear.bias, class);
                let expected = above(&logits, class);
                assert!((found - expected).abs() < 1e-9, "{places:?} {expected}");
            }
        }
        let head = Head {
            places: 1,
            normalise: Normalisation::None,
            hidden: Vec::new(),
            linear: Dense {
                weight: [2.0, 0.0].repeat(12),
                bias: vec![0.0; 2],
            },
        };
        let places = head.contributions(&features, 0, 2);
        assert_eq!(places, [[3.0, 6.0], [9.0, 12.0]]); // such as (0 - 3) + (4 - 3) + (8 - 3)
    }

    #[test]
    fn with_hidden_layers_places_are_slopes_times_features() {
        let features: Vec<f32> = (0..12u8).map(|at| f32::from(at * 5 % 7)).collect(); // [3, 2, 2]
        for (places, inputs) in [(1, 12), (4, 3)] {
            let head = Head {
                places,
                normalise: Normalisation::PowerL2(3.0),
                hidden: vec![dense(inputs, 5), dense(5, 4)],
                linear: dense(4, 2),
            };
            let (before, _) = head.inputs(&features);
            let of = |values: &[f64]| {
                let mut values = values.to_vec();
                for layer in &head.hidden {
                    values = layer
                        .forward(&values)
                        .into_iter()
                        .map(|one| one.max(0.0))
                        .collect();
                }
                above(&head.linear.forward(&values), 0)
            };
            let logits = head.logits(&features).unwrap();
            assert!((of(&before[0]) - above(&logits, 0)).abs() < 1e-9);
            // Around the features by differences.
            let step = 1e-6;
            let sum: f64 = (0..before[0].len())
                .map(|at| {
                    let mut moved = before[0].clone();
                    moved[at] += step;
                    (of(&moved) - of(&before[0])) / step * before[0][at]
                })
                .sum();
            let found = head.contributions(&features, 0, 2);
            let found: f64 = found.iter().flatten().sum();
            assert!(
                sum.abs() > 0.1 && (found - sum).abs() < 1e-5,
                "{found} {sum}"
            );
        }
    }

    #[test]
    fn what_a_mean_adds_is_shared_by_its_places() {
        let head = Head {
            places: 4,
            normalise: Normalisation::None,
            hidden: Vec::new(),
            linear: Dense {
                weight: vec![2.0, 0.0, 4.0, 0.0],
                bias: vec![0.0; 2],
            },
        };
        let features = [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 8.0, 0.0]; // [2, 2, 2]
        assert_eq!(head.logits(&features).unwrap(), [13.0, 0.0]); // 2 * 2.5 + 4 * 2
        let places = head.contributions(&features, 0, 2);
        assert_eq!(places, [[0.25, 0.5], [4.75, 1.0]]); // such as 3 / 4 + 2 * 8 / 4
        assert!(head.logits(&features[..4]).is_err());
    }

    #[test]
    fn the_first_of_equal_classes_is_named_and_nothing_overflows() {
        let (class, shares) = softmax(&[1.0, 1000.0, 1000.0]);
        assert_eq!((class, shares), (1, vec![0.0, 0.5, 0.5]));
    }
}
