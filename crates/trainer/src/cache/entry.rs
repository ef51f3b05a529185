//! One entry: written whole or not at all, checked when it is read, mapped rather than loaded.
//!
//! Layout (safetensors): header length as a little-endian u64, the header as JSON padded with
//! spaces to a multiple of 8, then the payload: f32, little-endian, one image after another.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_durable::{Hashing, Pending};
use memmap2::Mmap;
use safetensors::SafeTensors;
use serde_json::json;

use super::Key;

/// What stands in the header until the payload's hash is known; as long as a hash.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a cached file cannot be used. All but [`CacheError::Missing`] and [`CacheError::File`] are
/// mended by computing the features anew.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// There is no such entry.
    #[error("no cached features at {}", .0.display())]
    Missing(PathBuf),
    /// Not what was written.
    #[error("cached features {}: expected {expected}, found {found}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}

/// The features of a set of images, on disk and mapped into memory: the pages that are read are
/// the only ones that cost memory, and the system may take them back.
pub struct Features {
    map: Mmap,
    payload: Range<usize>,
    shape: Vec<usize>,
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
        if tensor.dtype() != safetensors::Dtype::F32 || shape.first() != Some(&key.count) {
            let expected = format!("f32 features of {} images", key.count);
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
        if bytemuck::try_cast_slice::<u8, f32>(&map[payload.clone()]).is_err() {
            return Err(corrupt("a payload aligned to 4 bytes", "another".into()));
        }
        Ok(Self {
            map,
            payload,
            shape,
            sha256,
        })
    }

    /// How many images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape[0]
    }

    /// Whether there are none, which never happens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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

    /// The features of image `index`, which is below [`Features::len`].
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        let values: &[f32] = bytemuck::cast_slice(&self.map[self.payload.clone()]);
        &values[index * self.width()..(index + 1) * self.width()]
    }

    /// The features of the images at `indices`, one row after another.
    #[must_use]
    pub fn rows(&self, indices: &[usize]) -> Vec<f32> {
        let mut rows = Vec::with_capacity(indices.len() * self.width());
        for index in indices {
            rows.extend_from_slice(self.row(*index));
        }
        rows
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
    /// When writing fails, as on a full disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), CacheError> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
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
        let expected = 4 * self.shape.iter().product::<usize>() as u64;
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
    let bytes = 4 * shape.iter().product::<usize>();
    let header = json!({
        "__metadata__": { "key": key.to_json(), "sha256": sha256 },
        "features": { "dtype": "F32", "shape": shape, "data_offsets": [0, bytes] },
    });
    let mut text = header.to_string();
    text.extend(std::iter::repeat_n(
        ' ',
        text.len().next_multiple_of(8) - text.len(),
    ));
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use graft_backbone::Boundary;
    use graft_dataset::{ImageSet, Preprocessing};
    use std::fs;

    fn key(pixel: u8) -> Key {
        let set = ImageSet::new(1, 1, vec![pixel; 3], vec![0; 3], 10).unwrap();
        Key::new(
            &set,
            &[],
            Preprocessing::default(),
            Boundary::Block1,
            Backend::Cpu,
        )
    }

    fn write(path: &Path, key: &Key) {
        let mut writer = Writer::create(path, key, [2, 1, 1]).unwrap();
        writer.append(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        writer.append(&[5.0, 6.0]).unwrap();
        writer.finish().unwrap();
    }

    #[test]
    fn reads_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        write(&path, &key(0));
        let features = Features::open(&path, &key(0)).unwrap();
        assert_eq!((features.len(), features.width()), (3, 2));
        assert_eq!(features.row(1), [3.0, 4.0]);
        assert_eq!(features.rows(&[2, 0]), [5.0, 6.0, 1.0, 2.0]);
    }

    #[test]
    fn is_another_key_s_miss() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        assert!(matches!(
            Features::open(&path, &key(0)),
            Err(CacheError::Missing(_))
        ));
        write(&path, &key(0));
        assert!(matches!(
            Features::open(&path, &key(1)),
            Err(CacheError::Corrupt { .. })
        ));
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        write(&path, &key(0));
        let good = fs::read(&path).unwrap();
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(
                Features::open(&path, &key(0)).is_err(),
                "flipped byte {index} went unnoticed"
            );
            fs::write(&path, &good[..index]).unwrap();
            assert!(
                Features::open(&path, &key(0)).is_err(),
                "length {index} went unnoticed"
            );
        }
    }

    #[test]
    fn an_entry_that_is_not_full_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        let mut writer = Writer::create(&path, &key(0), [2, 1, 1]).unwrap();
        writer.append(&[1.0]).unwrap();
        assert!(writer.finish().is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
