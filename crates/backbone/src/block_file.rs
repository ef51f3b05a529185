//! A block's weights file, every tensor accounted for.

use std::fmt::Debug;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// The tensors in a block's file.
pub(crate) struct BlockFile<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
}

impl<'a> BlockFile<'a> {
    /// Reads `bytes`, which were read from `path`.
    pub(crate) fn read(path: &'a Path, bytes: &'a [u8]) -> Result<Self, Error> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| Error::NotSafetensors {
            file: path.to_owned(),
            message: error.to_string(),
        })?;
        Ok(Self { path, tensors })
    }

    /// The values of a tensor, in f32 and of this shape.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|_| Error::MissingTensor {
                file: self.path.to_owned(),
                tensor: name.to_owned(),
                found: self.names(),
            })?;
        if tensor.dtype() != Dtype::F32 {
            return Err(self.unfit(name, Dtype::F32, tensor.dtype()));
        }
        if tensor.shape() != shape {
            return Err(self.unfit(name, shape, tensor.shape()));
        }
        let (values, _) = tensor.data().as_chunks::<4>();
        Ok(values
            .iter()
            .map(|value| f32::from_le_bytes(*value))
            .collect())
    }

    /// Refuses a file with other tensors than `names`.
    pub(crate) fn only(&self, names: &[String]) -> Result<(), Error> {
        let mut found = self.tensors.names().into_iter();
        match found.find(|found| !names.iter().any(|name| name == found)) {
            Some(tensor) => Err(Error::UnusedTensor {
                file: self.path.to_owned(),
                tensor: tensor.to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn unfit(&self, name: &str, expected: impl Debug, found: impl Debug) -> Error {
        Error::UnfitTensor {
            file: self.path.to_owned(),
            tensor: name.to_owned(),
            expected: format!("{expected:?}"),
            found: format!("{found:?}"),
        }
    }

    fn names(&self) -> String {
        let mut names = self.tensors.names();
        names.sort_unstable();
        match names.as_slice() {
            [] => "an empty file".to_owned(),
            names => names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

#[cfg(test)]
mod mutations;
