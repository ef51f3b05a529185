//! The tensors of a safetensors file, each of the shape that its place needs.

use std::path::{Path, PathBuf};

use onnx_protobuf::{Bytes, FloatTensor};
use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// A safetensors file that was read from `path`.
pub(crate) struct Tensors {
    path: PathBuf,
    bytes: Bytes,
}

impl Tensors {
    /// Takes the file's bytes.
    pub(crate) fn new(path: &Path, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            bytes: bytes.into(),
        }
    }

    /// The tensor called `name`, in f32 and of that shape; its elements are not copied.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<FloatTensor, Error> {
        let refuse = |found: String| Error::Tensor {
            path: self.path.clone(),
            expected: format!("a tensor `{name}`, F32 {shape:?}"),
            found,
        };
        let file =
            SafeTensors::deserialize(&self.bytes).map_err(|error| refuse(error.to_string()))?;
        let tensor = file
            .tensor(name)
            .map_err(|error| refuse(error.to_string()))?;
        let elements = self.bytes.slice_ref(tensor.data());
        match FloatTensor::new(shape.to_vec(), elements) {
            Some(found) if (tensor.dtype(), tensor.shape()) == (Dtype::F32, shape) => Ok(found),
            _ => Err(refuse(format!("{:?} {:?}", tensor.dtype(), tensor.shape()))),
        }
    }

    /// Whether there is a tensor of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.length(name).is_some()
    }

    /// The length of the tensor of that name, if there is one.
    pub(crate) fn length(&self, name: &str) -> Option<usize> {
        let file = SafeTensors::deserialize(&self.bytes).ok()?;
        file.tensor(name).ok()?.shape().first().copied()
    }
}
