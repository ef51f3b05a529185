//! From maps to probabilities: normalise where asked, one linear layer, softmax; in double precision.

use crate::Error;
use crate::file::{Tensors, refused};

/// The smallest divisor of features, as in training.
const SMALLEST_SUM: f32 = 1e-12;

/// What is done to features before the linear layer.
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

/// The numbers of a head.
#[derive(Debug)]
pub struct Head {
    normalise: Normalisation,
    /// `[features, classes]`
    weight: Vec<f32>,
    /// `[classes]`
    bias: Vec<f32>,
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
        let (weight, [features, columns]) = file.get("linear.weight")?;
        let vector = |name: &str, length: usize| match file.get::<1>(name)? {
            (values, [found]) if found == length => Ok(values),
            (_, found) => Err(refused(
                format!("{name} of [{length}]"),
                format!("{found:?}"),
            )),
        };
        if columns != classes || classes == 0 {
            let expected = format!("linear.weight with a column for each of {classes} classes");
            return Err(refused(expected, format!("{columns} columns")));
        }
        let statistics = |part: &str| vector(&format!("standardise.{part}"), features);
        Ok(Self {
            normalise: if file.has("standardise.mean") {
                Normalisation::Standardise([statistics("mean")?, statistics("deviation")?])
            } else if file.has("power_l2.scale") {
                Normalisation::PowerL2(vector("power_l2.scale", 1)?[0])
            } else {
                Normalisation::None
            },
            weight,
            bias: vector("linear.bias", classes)?,
        })
    }

    /// A logit for each class.
    pub(crate) fn logits(&self, features: &[f32]) -> Result<Vec<f64>, Error> {
        let rows = self.weight.chunks_exact(self.bias.len());
        if features.len() != rows.len() {
            let expected = format!("a head for {} features", features.len());
            return Err(refused(expected, format!("one for {}", rows.len())));
        }
        let mut logits: Vec<f64> = self.bias.iter().copied().map(f64::from).collect();
        for (feature, row) in self.normalise.apply(features).into_iter().zip(rows) {
            for (logit, weight) in logits.iter_mut().zip(row) {
                *logit += f64::from(feature) * f64::from(*weight);
            }
        }
        Ok(logits)
    }
}

impl Head {
    /// What each place of the maps adds to the logit of `class` more than to the mean of all logits, since only
    /// differences of logits count: the sum over the channels of weight times normalised feature. All places
    /// and the bias, less the mean bias, add up to the logit less the mean logit.
    ///
    /// # Shapes
    /// `features` are maps `[channels, side, side]`, flattened; a row holds the `side` places beside each other.
    ///
    /// Source: B. Zhou et al., "Learning deep features for discriminative localization" (2016), with a weight for
    /// every place instead of their mean.
    #[must_use]
    pub fn contributions(&self, features: &[f32], class: usize, side: usize) -> Vec<Vec<f64>> {
        let mut places = vec![0.0; side * side];
        let rows = self.weight.chunks_exact(self.bias.len());
        let features = self.normalise.apply(features).into_iter();
        for (at, (feature, row)) in features.zip(rows).enumerate() {
            places[at % (side * side)] += f64::from(feature) * above_mean(row, class);
        }
        places.chunks(side).map(<[f64]>::to_vec).collect()
    }
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

    #[test]
    fn places_and_bias_add_up_to_the_logit() {
        let features: Vec<f32> = (0..12u8).map(|at| f32::from(at) - 3.0).collect(); // [3, 2, 2]
        for normalise in [
            Normalisation::None,
            Normalisation::PowerL2(30.0),
            Normalisation::Standardise([vec![1.0; 12], vec![2.0; 12]]),
        ] {
            let head = Head {
                normalise,
                weight: (0..24u8).map(|at| f32::from(at * 7 % 11) - 5.0).collect(),
                bias: vec![0.5, -2.0],
            };
            let logits = head.logits(&features).unwrap();
            let mean = f64::midpoint(logits[0], logits[1]);
            for (class, logit) in logits.into_iter().enumerate() {
                let places = head.contributions(&features, class, 2);
                let sum: f64 = places.iter().flatten().sum();
                let found = sum + above_mean(&head.bias, class);
                assert!((found - (logit - mean)).abs() < 1e-9, "{places:?} {logit}");
            }
        }
        let head = Head {
            normalise: Normalisation::None,
            weight: [2.0, 0.0].repeat(12),
            bias: vec![0.0; 2],
        };
        let places = head.contributions(&features, 0, 2);
        assert_eq!(places, [[3.0, 6.0], [9.0, 12.0]]); // such as (0 - 3) + (4 - 3) + (8 - 3)
    }

    #[test]
    fn the_first_of_equal_classes_is_named_and_nothing_overflows() {
        let (class, shares) = softmax(&[1.0, 1000.0, 1000.0]);
        assert_eq!((class, shares), (1, vec![0.0, 0.5, 0.5]));
    }
}
