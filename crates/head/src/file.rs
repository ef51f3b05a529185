//! A head as a safetensors file, which Python opens too.
//!
//! Tensors: `linear.weight` `[features, classes]`, `linear.bias` `[classes]`, and with
//! standardisation `standardise.mean` and `standardise.deviation`, both `[features]`, or with
//! [`Normalisation::PowerL2`] `power_l2.scale` `[1]`; all f32.

use burn::tensor::Device;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use crate::{Head, Normalisation, Statistics};

const WEIGHT: &str = "linear.weight";
const BIAS: &str = "linear.bias";
const MEAN: &str = "standardise.mean";
const DEVIATION: &str = "standardise.deviation";
const SCALE: &str = "power_l2.scale";

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
        name: &'static str,
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
    /// A weight that is infinite or not a number.
    #[error("not a usable head: {name} holds {value} at index {index}")]
    NotFinite {
        /// The tensor's name.
        name: &'static str,
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
        let (weight, bias) = (self.weight()?, self.bias()?);
        let classes = bias.len();
        let mut tensors = vec![
            (WEIGHT, vec![weight.len() / classes, classes], weight),
            (BIAS, vec![classes], bias),
        ];
        match self.normalisation()? {
            Normalisation::None => {}
            Normalisation::Standardise(Statistics { mean, deviation }) => {
                tensors.push((MEAN, vec![mean.len()], mean));
                tensors.push((DEVIATION, vec![deviation.len()], deviation));
            }
            Normalisation::PowerL2 { scale } => tensors.push((SCALE, vec![1], vec![scale])),
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
                Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?))
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
        let &[features, classes] = file.tensor(WEIGHT)?.shape() else {
            return Err(wrong(WEIGHT, vec![0, 0], &file.tensor(WEIGHT)?));
        };
        let weight = read(&file, WEIGHT, &[features, classes])?;
        let bias = read(&file, BIAS, &[classes])?;
        let has = |name| !matches!(file.tensor(name), Err(SafeTensorError::TensorNotFound(_)));
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
        Ok(Self::from_parts(normalise, weight, bias, device))
    }
}

fn read(file: &SafeTensors, name: &'static str, shape: &[usize]) -> Result<Vec<f32>, FileError> {
    let tensor = file.tensor(name)?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape || shape.contains(&0) {
        return Err(wrong(name, shape.to_vec(), &tensor));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(FileError::NotFinite {
            name,
            value: values[index],
            index,
        }),
        None => Ok(values),
    }
}

fn wrong(name: &'static str, expected: Vec<usize>, tensor: &TensorView) -> FileError {
    FileError::Tensor {
        name,
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
        HeadConfig {
            features: 3,
            classes: 2,
            seed: 5,
            normalise,
        }
        .init(&Device::flex())
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
            let saved = head(normalise.clone());
            let loaded = Head::from_bytes(&saved.to_bytes().unwrap(), &Device::flex()).unwrap();
            assert_eq!(loaded.weight().unwrap(), saved.weight().unwrap());
            assert_eq!(loaded.bias().unwrap(), saved.bias().unwrap());
            assert_eq!(loaded.normalisation().unwrap(), normalise);
            assert_eq!(loaded.to_bytes().unwrap(), saved.to_bytes().unwrap());
        }
    }

    #[test]
    fn refusals() {
        let good = head(Normalisation::None).to_bytes().unwrap();
        let mut infinite = good.clone();
        let last = infinite.len() - 4;
        infinite[last..].copy_from_slice(&f32::INFINITY.to_le_bytes());
        let text = String::from_utf8_lossy(&good).replace("linear.bias", "linear.what");
        let cases: [(&[u8], &str); 4] = [
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
