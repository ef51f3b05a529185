//! A head as a safetensors file, which Python opens too.
//!
//! Tensors: `linear.weight` `[features, classes]`, `linear.bias` `[classes]`, and with
//! standardisation `standardise.mean` and `standardise.deviation`, both `[features]`, or with
//! [`Normalisation::PowerL2`] `power_l2.scale` `[1]`; all f32. Where maps are averaged `average_pool.places`
//! `[1]` says over how many values each. Hidden layers, counted from 1 at the features, have
//! `hidden1.weight` `[inputs, units]` and `hidden1.bias` `[units]`.

use burn::tensor::Device;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use crate::{Dense, Head, Normalisation, Statistics};

const MEAN: &str = "standardise.mean";
const DEVIATION: &str = "standardise.deviation";
const SCALE: &str = "power_l2.scale";
const PLACES: &str = "average_pool.places";
/// The most values that are averaged: more than any map has.
const MOST_PLACES: f32 = 65_536.0;

/// Why bytes are not a head.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not a safetensors file, or a tensor is missing.
    #[error("not a saved head: {0}")]
    Format(#[from] SafeTensorError),
    /// A tensor of another type or shape.
    #[error("not a saved head: expected {name} as f32 {expected:?}, found {dtype:?} {found:?}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
        /// The type it has.
        dtype: Dtype,
    },
    /// A device that does not give a weight back.
    #[error("the device failed: {0}; try again, or use --backend cpu")]
    Device(String),
    /// Maps that are averaged over no possible number of values.
    #[error(
        "not a usable head: expected {PLACES} as a whole number from 1 to {MOST_PLACES}, found {found}"
    )]
    Places {
        /// The number.
        found: f32,
    },
    /// A weight that is infinite or not a number.
    #[error("not a usable head: {name} holds {value} at index {index}")]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// The value.
        value: f32,
        /// Where it stands.
        index: usize,
    },
}

impl Head {
    /// The head as a safetensors file; equal heads give equal bytes.
    ///
    /// # Errors
    /// When the device does not give the weights back, or the file cannot be put together.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        let mut tensors = Vec::new();
        let layers = self.layers()?;
        for (name, Dense { weight, bias }) in names(layers.len()).zip(layers) {
            let outputs = bias.len();
            let shape = vec![weight.len() / outputs, outputs];
            tensors.push((format!("{name}.weight"), shape, weight));
            tensors.push((format!("{name}.bias"), vec![outputs], bias));
        }
        let mut add = |name: &str, values: Vec<f32>| {
            tensors.push((name.to_owned(), vec![values.len()], values));
        };
        if self.places() > 1 {
            #[expect(clippy::cast_precision_loss, reason = "maps are far smaller than 2^24")]
            add(PLACES, vec![self.places() as f32]);
        }
        match self.normalisation()? {
            Normalisation::None => {}
            Normalisation::Standardise(Statistics { mean, deviation }) => {
                add(MEAN, mean);
                add(DEVIATION, deviation);
            }
            Normalisation::PowerL2 { scale } => add(SCALE, vec![scale]),
        }
        let tensors: Vec<_> = tensors
            .into_iter()
            .map(|(name, shape, values)| {
                (
                    name,
                    shape,
                    values
                        .iter()
                        .flat_map(|v| v.to_le_bytes())
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((
                    name.as_str(),
                    TensorView::new(Dtype::F32, shape.clone(), bytes)?,
                ))
            })
            .collect::<Result<Vec<_>, SafeTensorError>>()?;
        Ok(safetensors::serialize(views, None)?)
    }

    /// Reads what [`Head::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are no safetensors file, a tensor is missing or has another type or shape,
    /// or a value is not finite.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, FileError> {
        let file = SafeTensors::deserialize(bytes)?;
        let has =
            |name: &str| !matches!(file.tensor(name), Err(SafeTensorError::TensorNotFound(_)));
        let hidden = (1..).take_while(|number| has(&format!("{}.weight", hidden(*number))));
        let mut layers = Vec::new();
        let (mut features, mut inputs) = (0, None);
        for name in names(hidden.count() + 1) {
            let weight = format!("{name}.weight");
            let tensor = file.tensor(&weight)?;
            let &[rows, outputs] = tensor.shape() else {
                return Err(wrong(&weight, vec![0, 0], &tensor));
            };
            // Each layer takes what the one before it gives.
            let rows = inputs.unwrap_or(rows);
            if layers.is_empty() {
                features = rows;
            }
            layers.push(Dense {
                weight: read(&file, &weight, &[rows, outputs])?,
                bias: read(&file, &format!("{name}.bias"), &[outputs])?,
            });
            inputs = Some(outputs);
        }
        let places = if has(PLACES) {
            read(&file, PLACES, &[1])?[0]
        } else {
            1.0
        };
        if !(1.0..=MOST_PLACES).contains(&places) || places.fract() != 0.0 {
            return Err(FileError::Places { found: places });
        }
        let normalise = if has(MEAN) {
            Normalisation::Standardise(Statistics {
                mean: read(&file, MEAN, &[features])?,
                deviation: read(&file, DEVIATION, &[features])?,
            })
        } else if has(SCALE) {
            let scale = read(&file, SCALE, &[1])?[0];
            Normalisation::PowerL2 { scale }
        } else {
            Normalisation::None
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number in these limits"
        )]
        Ok(Self::from_parts(places as usize, normalise, layers, device))
    }
}

/// The names of so many layers, from the features on.
fn names(layers: usize) -> impl Iterator<Item = String> {
    (1..layers).map(hidden).chain(["linear".to_owned()])
}

fn hidden(number: usize) -> String {
    format!("hidden{number}")
}

fn read(file: &SafeTensors, name: &str, shape: &[usize]) -> Result<Vec<f32>, FileError> {
    let tensor = file.tensor(name)?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape || shape.contains(&0) {
        return Err(wrong(name, shape.to_vec(), &tensor));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(FileError::NotFinite {
            name: name.to_owned(),
            value: values[index],
            index,
        }),
        None => Ok(values),
    }
}

fn wrong(name: &str, expected: Vec<usize>, tensor: &TensorView) -> FileError {
    FileError::Tensor {
        name: name.to_owned(),
        expected,
        found: tensor.shape().to_vec(),
        dtype: tensor.dtype(),
    }
}

#[cfg(test)]
mod mutations;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeadConfig;

    fn head(normalise: Normalisation) -> Head {
        let config = HeadConfig {
            normalise,
            ..HeadConfig::linear(3, 2, 5)
        };
        config.init(&Device::flex())
    }

    #[test]
    fn comes_back_as_it_was() {
        let statistics = Statistics {
            mean: vec![1.0, 2.0, 3.0],
            deviation: vec![4.0, 5.0, 6.0],
        };
        for normalise in [
            Normalisation::None,
            Normalisation::Standardise(statistics),
            Normalisation::PowerL2 { scale: 30.0 },
        ] {
            let loaded = again(&head(normalise.clone()));
            assert_eq!(loaded.normalisation().unwrap(), normalise);
            assert_eq!(loaded.places(), 1);
        }
        assert_eq!(again(&deep().init(&Device::flex())).places(), 4);
    }

    /// What is read of a head's file, which has the same layers, and is written again as it was.
    fn again(head: &Head) -> Head {
        let bytes = head.to_bytes().unwrap();
        let loaded = Head::from_bytes(&bytes, &Device::flex()).unwrap();
        assert_eq!(loaded.layers().unwrap(), head.layers().unwrap());
        assert_eq!(loaded.to_bytes().unwrap(), bytes);
        loaded
    }

    /// A head that averages over 4 places and has two hidden layers.
    fn deep() -> HeadConfig {
        HeadConfig {
            places: 4,
            hidden: vec![5, 6],
            ..HeadConfig::linear(12, 2, 5)
        }
    }

    /// The file of such a head, with some bytes replaced.
    fn changed(from: &[u8], to: &[u8]) -> Vec<u8> {
        let bytes = deep().init(&Device::flex()).to_bytes().unwrap();
        let at = bytes.windows(from.len()).position(|part| part == from);
        let (before, behind) = bytes.split_at(at.unwrap());
        [before, to, &behind[from.len()..]].concat()
    }

    #[test]
    fn refusals() {
        let good = head(Normalisation::None).to_bytes().unwrap();
        let mut infinite = good.clone();
        let last = infinite.len() - 4;
        infinite[last..].copy_from_slice(&f32::INFINITY.to_le_bytes());
        let text = String::from_utf8_lossy(&good).replace("linear.bias", "linear.what");
        let half = changed(&4.0_f32.to_le_bytes(), &0.5_f32.to_le_bytes());
        let gap = changed(b"hidden2.weight", b"hidden3.weight");
        let cases: [(&[u8], &str); 6] = [
            (&half, "from 1 to 65536, found 0.5"),
            (&gap, "expected linear.weight as f32 [5, 2]"),
            (b"", "not a saved head"),
            (&good[..good.len() - 1], "not a saved head"),
            (text.as_bytes(), "not a saved head"),
            (&infinite, "holds inf"),
        ];
        for (bytes, expected) in cases {
            let error = Head::from_bytes(bytes, &Device::flex())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
