//! An entry being written, shard by shard: what is there already is kept, so that a computation that
//! was stopped resumes where it was, and only what is damaged is computed again.
//!
//! A shard holds the encoded features of consecutive images: little-endian, one image after another.
//! Its name has its number and its SHA-256. The entry's folder is named by the key, so shards of
//! another key are never taken for its own.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_durable::sha256;

use crate::dtype::encode;
use crate::manifest::{Manifest, SHARD_BYTES, shard_name};
use crate::{Error, Features, Key};

/// An entry being written.
pub struct Writer {
    folder: PathBuf,
    manifest: Manifest,
    /// Encoded features of the first shard that is missing, as far as they are known.
    buffer: Vec<u8>,
}

impl Writer {
    /// Opens the entry of `key` in the folder `path`, with the shards of it that are there and whole;
    /// a feature map is `[channels, height, width]`. Whoever writes holds the entry's lock.
    ///
    /// # Errors
    /// When a damaged shard cannot be deleted.
    pub fn open(path: &Path, key: &Key, map: [usize; 3]) -> Result<Self, Error> {
        Self::with_shards_of(SHARD_BYTES, path, key, map)
    }

    /// The same with shards of about `bytes`.
    pub(crate) fn with_shards_of(
        bytes: usize,
        path: &Path,
        key: &Key,
        map: [usize; 3],
    ) -> Result<Self, Error> {
        let mut manifest = Manifest::new(key, map, bytes);
        for abandoned in graft_durable::sweep(path) {
            tracing::info!("deleted the abandoned {}", abandoned.display());
        }
        for file in fs::read_dir(path).into_iter().flatten().flatten() {
            let file = file.path();
            let Some((number, hash)) = parse(&file, manifest.shards.len()) else {
                continue;
            };
            let content = fs::read(&file).unwrap_or_default();
            if manifest.is_shard(number, &content, &hash) {
                manifest.shards[number] = hash;
            } else {
                fs::remove_file(&file).map_err(graft_durable::Error::on("delete", &file))?;
            }
        }
        Ok(Self {
            folder: path.to_owned(),
            manifest,
            buffer: Vec::new(),
        })
    }

    /// How many images it has the features of.
    #[must_use]
    pub fn images(&self) -> usize {
        let shards = self.manifest.shards.iter().enumerate();
        let whole = shards.filter(|(_, hash)| !hash.is_empty());
        let images = whole.map(|(number, _)| self.manifest.images(number).len());
        images.sum::<usize>() + self.buffer.len() / self.manifest.row().max(1)
    }

    /// Bytes that are missing.
    #[must_use]
    pub fn missing_bytes(&self) -> u64 {
        ((self.manifest.key.count - self.images()) * self.manifest.row()) as u64
    }

    /// The next images whose features are missing: up to those that are there, or all.
    #[must_use]
    pub fn missing(&self) -> Option<Range<usize>> {
        let first = self.first_missing()?;
        let after = self.manifest.shards[first..].iter();
        let until = first + after.take_while(|hash| hash.is_empty()).count();
        let buffered = self.buffer.len() / self.manifest.row().max(1);
        let start = self.manifest.images(first).start + buffered;
        Some(start..self.manifest.images(until - 1).end)
    }

    /// Adds the features of the first of the [missing](Writer::missing) images.
    ///
    /// # Errors
    /// When a value is no finite number or too large for the type, there are more than are missing,
    /// or writing fails, as on a full disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), Error> {
        let missing = self.missing().unwrap_or_default();
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let image = missing.start + place / self.manifest.width();
            let value = values[place];
            return Err(Error::NotFinite { image, value });
        }
        let width = self.manifest.width();
        if values.len() > missing.len() * width {
            let (expected, found) = (missing.len() * width, values.len());
            let [expected, found] = [expected, found].map(|count| format!("{count} more values"));
            return Err(Error::corrupt(&self.folder, expected, found));
        }
        let bytes = encode(self.manifest.key.dtype, values);
        let bytes = bytes.map_err(|value| Error::TooLarge { value })?;
        self.buffer.extend_from_slice(&bytes);
        while let Some(shard) = self.first_missing()
            && self.buffer.len() >= self.manifest.bytes(shard)
        {
            let rest = self.buffer.split_off(self.manifest.bytes(shard));
            let hash = sha256(&self.buffer);
            let path = self.folder.join(shard_name(shard, &hash));
            graft_durable::write(&path, &self.buffer)?;
            self.buffer = rest;
            self.manifest.shards[shard] = hash;
        }
        Ok(())
    }

    /// Completes the entry, and opens it.
    ///
    /// # Errors
    /// When features are missing, a file cannot be written, or a shard is no longer what was written.
    pub fn finish(self) -> Result<Features, Error> {
        if let Some(missing) = self.missing() {
            let count = self.manifest.key.count;
            let found = format!("none of images {missing:?} (counted from 0)");
            return Err(Error::corrupt(&self.folder, format!("features of {count} images"), found));
        }
        let key = self.manifest.key.clone();
        self.manifest.write(&self.folder)?;
        Features::open(&self.folder, &key)
    }

    fn first_missing(&self) -> Option<usize> {
        self.manifest.shards.iter().position(String::is_empty)
    }
}

/// The number of a shard, of which there are `count`, and the hash in its name.
fn parse(path: &Path, count: usize) -> Option<(usize, String)> {
    let (number, hash) = path.file_name()?.to_str()?.split_once('-')?;
    let number = number.parse().ok()?;
    (number < count).then(|| (number, hash.to_owned()))
}
