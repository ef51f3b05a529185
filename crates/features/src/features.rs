//! An entry being read: checked whole, then mapped rather than loaded.

use std::path::Path;

use safetensors::SafeTensors;

use super::payload::Payload;
use graft_recipe::Dtype;

use super::{CacheError, Key};
use crate::dtype::{decode, safetensors_dtype};

/// The features of a set of images: on disk and mapped into memory, where only pages that were read
/// lately cost any; or values that are held in memory.
pub struct Features {
    payload: Payload,
    shape: Vec<usize>,
    dtype: Dtype,
    sha256: String,
}

impl Features {
    /// Opens the entry at `path`, checking that it was made for `key` and holds what was written.
    ///
    /// # Errors
    /// When it is missing, damaged, or made for another key.
    pub fn open(path: &Path, key: &Key) -> Result<Self, CacheError> {
        let corrupt = |expected: &str, found: String| CacheError::Corrupt {
            path: path.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let map = Payload::map(path)?;
        let (_, header) = SafeTensors::read_metadata(&map)
            .map_err(|error| corrupt("a safetensors file", error.to_string()))?;
        let metadata = header.metadata().as_ref();
        let entry = |name: &str| {
            metadata
                .and_then(|map| map.get(name))
                .cloned()
                .unwrap_or_default()
        };
        if entry("key") != key.to_json() {
            return Err(corrupt(
                &format!("the key {}", key.to_json()),
                format!("{:?}", entry("key")),
            ));
        }
        let file = SafeTensors::deserialize(&map)
            .map_err(|error| corrupt("a whole file", error.to_string()))?;
        let tensor = file
            .tensor("features")
            .map_err(|error| corrupt("the tensor `features`", error.to_string()))?;
        let (shape, bytes) = (tensor.shape().to_vec(), tensor.data().len());
        if tensor.dtype() != safetensors_dtype(key.dtype) || shape.first() != Some(&key.count) {
            let expected = format!("{:?} features of {} images", key.dtype, key.count);
            return Err(corrupt(
                &expected,
                format!("{:?} {shape:?}", tensor.dtype()),
            ));
        }
        let range = map.len() - bytes..map.len();
        let payload = Payload::mapped(map, range);
        let sha256 = payload.sha256();
        if sha256 != entry("sha256") {
            return Err(corrupt(
                &format!("sha256 {}", entry("sha256")),
                format!("sha256 {sha256}"),
            ));
        }
        Ok(Self {
            payload,
            shape,
            dtype: key.dtype,
            sha256,
        })
    }

    /// Values in memory, `width` an image, that no cache holds: what else a head may learn from.
    #[must_use]
    pub fn held(values: &[f32], width: usize) -> Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let payload = Payload::Held(bytes);
        Self {
            shape: vec![values.len() / width.max(1), width],
            dtype: Dtype::F32,
            sha256: payload.sha256(),
            payload,
        }
    }

    /// How many images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.shape[0]
    }

    /// Values an image has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// SHA-256 of the payload.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The features of the images at `indices`, one row after another; every index is below
    /// [`Features::images`].
    #[must_use]
    pub fn rows(&self, indices: &[usize]) -> Vec<f32> {
        let row = self.width() * self.dtype.bytes();
        let mut values = Vec::with_capacity(indices.len() * self.width());
        for index in indices {
            let bytes = self.payload.bytes(index * row..(index + 1) * row);
            decode(self.dtype, bytes, &mut values);
        }
        values
    }
}
