//! An entry being read: checked whole, then mapped rather than loaded.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use safetensors::SafeTensors;

use super::{CacheError, Dtype, Key};

/// The features of a set of images, on disk and mapped into memory: the pages that are read are
/// the only ones that cost memory, and the system may take them back.
pub struct Features {
    map: Mmap,
    payload: Range<usize>,
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
        let map = map(path)?;
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
        let (shape, data) = (tensor.shape().to_vec(), tensor.data());
        if tensor.dtype() != key.dtype.name() || shape.first() != Some(&key.count) {
            let expected = format!("{:?} features of {} images", key.dtype, key.count);
            return Err(corrupt(
                &expected,
                format!("{:?} {shape:?}", tensor.dtype()),
            ));
        }
        let sha256 = graft_durable::sha256(data);
        if sha256 != entry("sha256") {
            return Err(corrupt(
                &format!("sha256 {}", entry("sha256")),
                format!("sha256 {sha256}"),
            ));
        }
        let payload = map.len() - data.len()..map.len();
        Ok(Self {
            map,
            payload,
            shape,
            dtype: key.dtype,
            sha256,
        })
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
        let payload = &self.map[self.payload.clone()];
        let row = self.width() * self.dtype.bytes();
        let mut values = Vec::with_capacity(indices.len() * self.width());
        for index in indices {
            self.dtype
                .decode(&payload[index * row..(index + 1) * row], &mut values);
        }
        values
    }
}

#[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
fn map(path: &Path) -> Result<Mmap, CacheError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(CacheError::Missing(path.to_owned()));
        }
        Err(error) => return Err(graft_durable::Error::on("open", path)(error).into()),
    };
    // SAFETY: entries are written under another name, renamed when they are whole, and never
    // changed after that, so the mapped bytes stay what they are for as long as they are mapped.
    let map = unsafe { Mmap::map(&file) };
    Ok(map.map_err(graft_durable::Error::on("map", path))?)
}
