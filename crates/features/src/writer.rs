//! An entry being written: whole or not at all.
//!
//! Layout (safetensors): header length as a little-endian u64, the header as JSON padded with
//! spaces to a multiple of 8, then the payload: little-endian, one image after another.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use graft_durable::{Hashing, Pending};
use serde_json::json;

use super::{CacheError, Key};
use crate::dtype::{encode, safetensors_dtype};

/// What stands in the header until the payload's hash is known; as long as a hash.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry being written, batch by batch.
pub struct Writer {
    file: Pending,
    path: PathBuf,
    key: Key,
    /// `[images, channels, height, width]`
    shape: [usize; 4],
    hashing: Hashing,
}

impl Writer {
    /// Starts the entry of `key` at `path`; a feature map is `[channels, height, width]`.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn create(path: &Path, key: &Key, map: [usize; 3]) -> Result<Self, CacheError> {
        let shape = [key.count, map[0], map[1], map[2]];
        let mut file = Pending::create(path)?;
        file.write_all(&header(key, shape, NO_HASH))
            .map_err(graft_durable::Error::on("write", path))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            key: key.clone(),
            shape,
            hashing: Hashing::default(),
        })
    }

    /// Appends the features of the next images.
    ///
    /// # Errors
    /// When a value is too large for the type, or writing fails, as on a full disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), CacheError> {
        let bytes =
            encode(self.key.dtype, values).map_err(|value| CacheError::TooLarge { value })?;
        self.append_encoded(&bytes)
    }

    /// Appends features as they stand in the file.
    pub(super) fn append_encoded(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        let written = self
            .hashing
            .write_all(bytes)
            .and_then(|()| self.file.write_all(bytes));
        Ok(written.map_err(graft_durable::Error::on("write", &self.path))?)
    }

    /// Writes the hash and gives the file its name.
    ///
    /// # Errors
    /// When fewer or more values were appended than the shape says, or writing fails.
    pub fn finish(mut self) -> Result<(), CacheError> {
        let expected = (self.key.dtype.bytes() * self.shape.iter().product::<usize>()) as u64;
        if self.hashing.bytes() != expected {
            let (expected, found) = (
                format!("{expected} bytes"),
                format!("{} bytes", self.hashing.bytes()),
            );
            return Err(CacheError::Corrupt {
                path: self.path,
                expected,
                found,
            });
        }
        let header = header(&self.key, self.shape, &self.hashing.finish());
        let patched = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(&header));
        patched.map_err(graft_durable::Error::on("write", &self.path))?;
        Ok(self.file.commit()?)
    }
}

/// Length and header, as safetensors has them; equally long for every hash.
fn header(key: &Key, shape: [usize; 4], sha256: &str) -> Vec<u8> {
    let bytes = key.dtype.bytes() * shape.iter().product::<usize>();
    let header = json!({
        "__metadata__": { "key": key.to_json(), "sha256": sha256 },
        "features": { "dtype": safetensors_dtype(key.dtype), "shape": shape, "data_offsets": [0, bytes] },
    });
    let mut text = header.to_string();
    text.extend(std::iter::repeat_n(
        ' ',
        text.len().next_multiple_of(8) - text.len(),
    ));
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}
