//! Weights from a safetensors file into a block, every tensor accounted for.

use std::path::Path;

use burn::module::Module;
use burn::tensor::DType;
use burn_store::{ApplyError, ModuleSnapshot, ModuleStore, SafetensorsStore};

use crate::Error;

/// Gives `block` the weights in `bytes`, which were read from `file`: all that it has, no other,
/// in f32, each of its own shape.
///
/// # Errors
/// When one of these does not hold, naming the first tensor at fault.
pub(crate) fn fill<M: Module>(mut block: M, file: &Path, bytes: Vec<u8>) -> Result<M, Error> {
    // What is missing or does not fit is looked at below, where it gets a better message.
    let mut store = SafetensorsStore::from_bytes(Some(bytes))
        .validate(false)
        .allow_partial(true);
    let names = f32_names(&mut store, file)?;
    let result = block
        .load_from(&mut store)
        .map_err(|error| Error::NotSafetensors {
            file: file.to_owned(),
            message: error.to_string(),
        })?;
    if let Some(error) = result.errors.into_iter().next() {
        return Err(unfit(file, error));
    }
    if let Some((tensor, _)) = result.missing.into_iter().next() {
        return Err(Error::MissingTensor {
            file: file.to_owned(),
            tensor,
            found: names,
        });
    }
    if let Some(tensor) = result.unused.into_iter().next() {
        return Err(Error::UnusedTensor {
            file: file.to_owned(),
            tensor,
        });
    }
    Ok(block)
}

/// The names of all tensors in a file. A block would silently adopt another element type than
/// f32, so that is an error here.
fn f32_names(store: &mut SafetensorsStore, file: &Path) -> Result<String, Error> {
    let tensors = store
        .get_all_tensors()
        .map_err(|error| Error::NotSafetensors {
            file: file.to_owned(),
            message: error.to_string(),
        })?;
    for (name, tensor) in tensors {
        if tensor.dtype != DType::F32 {
            return Err(Error::UnfitTensor {
                file: file.to_owned(),
                tensor: name.clone(),
                expected: format!("{:?}", DType::F32),
                found: format!("{:?}", tensor.dtype),
            });
        }
    }
    let names: Vec<_> = tensors.keys().map(|name| format!("`{name}`")).collect();
    Ok(match names.as_slice() {
        [] => "an empty file".to_owned(),
        names => names.join(", "),
    })
}

fn unfit(file: &Path, error: ApplyError) -> Error {
    let file = file.to_owned();
    match error {
        ApplyError::ShapeMismatch {
            path,
            expected,
            found,
        } => Error::UnfitTensor {
            file,
            tensor: path,
            expected: format!("{:?}", expected.as_slice()),
            found: format!("{:?}", found.as_slice()),
        },
        ApplyError::DTypeMismatch {
            path,
            expected,
            found,
        } => Error::UnfitTensor {
            file,
            tensor: path,
            expected: format!("{expected:?}"),
            found: format!("{found:?}"),
        },
        ApplyError::AdapterError { path, message } | ApplyError::LoadError { path, message } => {
            Error::NotSafetensors {
                file,
                message: format!("`{path}`: {message}"),
            }
        }
    }
}
