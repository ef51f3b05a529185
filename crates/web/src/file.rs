//! The file of a model: safetensors, which Python opens too, with [`About`] as JSON in its metadata.
//!
//! Tensors, each f32 or f16: `stageS.conv2dN.weight` `[out, in, 3, 3]` and `stageS.conv2dN.bias` `[out]`, both
//! counted from 1, with a pool behind the last of each stage; those of a run's `head.safetensors`, and of its
//! `class-means.safetensors` where it has one.

use std::collections::HashMap;

use graft_dataset::{ImageForm, PictureForm, Preprocessing};
use half::f16;
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The key of the metadata.
const ABOUT: &str = "graft";

/// What a model is, beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The name of the run that it comes from.
    pub name: String,
    /// The name of each class.
    pub classes: Vec<String>,
    /// How a picture becomes an image of the form that follows.
    pub pictures: PictureForm,
    /// Height of an image in pixels.
    pub rows: usize,
    /// Width of an image in pixels.
    pub columns: usize,
    /// 1 for grey images, 3 for red, green and blue.
    pub channels: usize,
    /// How an image becomes the network's input.
    pub preprocessing: Preprocessing,
}

impl About {
    /// The form of the images that the model was trained on.
    #[must_use]
    pub fn images(&self) -> ImageForm {
        ImageForm {
            rows: self.rows,
            columns: self.columns,
            channels: self.channels,
            fit: self.preprocessing.fit,
        }
    }
}

/// Numbers of a model, and what the file calls them.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Such as `linear.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, row by row.
    pub values: Vec<f32>,
}

/// A model as a file; with `half`, tensors of more than one dimension are kept as 16-bit floats. Equal models
/// give equal bytes.
///
/// # Errors
/// When a tensor has another number of elements than its shape says.
pub fn to_bytes(about: &About, tensors: &[Tensor], half: bool) -> Result<Vec<u8>, Error> {
    let about = serde_json::to_string(about);
    let about = about.map_err(|error| refused("its description", error.to_string()))?;
    write(tensors, Some(about), half)
}

/// Tensors as a file, as [`to_bytes`], with a description where there is one.
pub(crate) fn write(
    tensors: &[Tensor],
    about: Option<String>,
    half: bool,
) -> Result<Vec<u8>, Error> {
    let refuse = |error: &dyn ToString| refused("tensors of their shapes", error.to_string());
    let stored = tensors.iter().map(|tensor| {
        let values = tensor.values.iter();
        if half && tensor.shape.len() > 1 {
            let bytes = values.flat_map(|value| f16::from_f32(*value).to_le_bytes());
            (tensor, Dtype::F16, bytes.collect::<Vec<u8>>())
        } else {
            let bytes = values.flat_map(|value| value.to_le_bytes());
            (tensor, Dtype::F32, bytes.collect())
        }
    });
    let stored: Vec<_> = stored.collect();
    let views = stored.iter().map(|(tensor, dtype, bytes)| {
        let view = TensorView::new(*dtype, tensor.shape.clone(), bytes)?;
        Ok((tensor.name.as_str(), view))
    });
    let views: Result<Vec<_>, SafeTensorError> = views.collect();
    let metadata = about.map(|about| HashMap::from([(ABOUT.to_owned(), about)]));
    serialize(views.map_err(|error| refuse(&error))?, metadata).map_err(|error| refuse(&error))
}

/// A file that was opened.
pub(crate) struct File<'a> {
    pub(crate) about: About,
    pub(crate) tensors: Tensors<'a>,
}

/// Tensors by name.
pub(crate) struct Tensors<'a>(SafeTensors<'a>);

impl<'a> File<'a> {
    /// Opens what [`to_bytes`] wrote.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let refuse =
            |error: &dyn ToString| refused("a model that graft exported", error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| refuse(&error))?;
        let about = metadata.metadata().as_ref().and_then(|all| all.get(ABOUT));
        let about = about.ok_or_else(|| refuse(&"a file without its description"))?;
        Ok(Self {
            about: serde_json::from_str(about).map_err(|error| refuse(&error))?,
            tensors: Tensors::open(bytes)?,
        })
    }
}

impl<'a> Tensors<'a> {
    /// Opens a safetensors file.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let tensors = SafeTensors::deserialize(bytes);
        tensors
            .map(Self)
            .map_err(|error| refused("tensors as safetensors", error.to_string()))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.tensor(name).is_ok()
    }

    /// The elements of the tensor called `name`, and its shape, which has `N` dimensions.
    pub(crate) fn get<const N: usize>(&self, name: &str) -> Result<(Vec<f32>, [usize; N]), Error> {
        let refuse = |found| {
            refused(
                format!("a tensor {name} of {N} dimensions, F32 or F16"),
                found,
            )
        };
        let tensor = self.0.tensor(name);
        let tensor = tensor.map_err(|error| refuse(error.to_string()))?;
        let found = || refuse(format!("{:?} {:?}", tensor.dtype(), tensor.shape()));
        let shape = tensor.shape().try_into().map_err(|_| found())?;
        let bytes = tensor.data();
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => (bytes.as_chunks().0.iter().copied())
                .map(f32::from_le_bytes)
                .collect(),
            Dtype::F16 => (bytes.as_chunks().0.iter().copied())
                .map(|bytes| f16::from_le_bytes(bytes).to_f32())
                .collect(),
            _ => return Err(found()),
        };
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(refuse(format!("the value {value}"))),
            None => Ok((values, shape)),
        }
    }
}

/// [`Error::Model`].
pub(crate) fn refused(expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Model {
        expected: expected.into(),
        found: found.into(),
    }
}
