//! An entry being written, shard by shard: what is there already is kept, so that a computation that
//! was stopped resumes where it was, and only what is damaged is computed again.
//!
//! A shard holds the features of consecutive images: little-endian, one image after another. The
//! entry's folder is named by the key, so shards of another key are never taken for its own.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_durable::{Lock, sha256};

use crate::cache::{lock, reserve};
use crate::dtype::encode;
use crate::key::json;
use crate::manifest::{Manifest, whole};
use crate::{Error, Features, Key};

/// An entry being written, by one process at a time.
pub struct Writer {
    folder: PathBuf,
    manifest: Manifest,
    /// Encoded features of the first shard that is missing, as far as they are known.
    buffer: Vec<u8>,
    _lock: Lock,
}

impl Writer {
    /// Opens the entry of `key` in the folder `path`, with those of its shards that are there and
    /// whole, and makes space for the others; `map` is `[channels, height, width]`. Where another
    /// process writes this entry, waits for it.
    ///
    /// # Errors
    /// When the disk has less space, or a signal asks to stop.
    pub fn open(path: &Path, key: &Key, map: [usize; 3]) -> Result<Self, Error> {
        let mut writer = Self {
            _lock: lock(path)?,
            folder: path.to_owned(),
            manifest: Manifest::new(key, map, None),
            buffer: Vec::new(),
        };
        for abandoned in graft_durable::sweep(path) {
            tracing::info!("deleted the abandoned {}", abandoned.display());
        }
        for file in fs::read_dir(path).into_iter().flatten().flatten() {
            writer.find(&file.path());
        }
        let missing = key.count - writer.images();
        reserve(path, (missing * writer.manifest.row()) as u64)?;
        Ok(writer)
    }

    /// Takes `file` for a shard, if it is one that is whole.
    fn find(&mut self, file: &Path) -> Option<()> {
        let name = file.file_name()?.to_str()?;
        let number: usize = name.split_once('-')?.0.parse().ok()?;
        if self.manifest.shards.get(number)?.is_empty()
            && let (stem, bytes) = (self.manifest.stem(number), self.manifest.bytes(number))
            && let Some(hash) = whole(file, &stem, bytes as u64)
        {
            self.manifest.shards[number] = hash;
        }
        Some(())
    }

    /// How many images it has the features of.
    #[must_use]
    pub fn images(&self) -> usize {
        let shards = self.manifest.shards.iter().enumerate();
        let whole = shards.filter(|(_, hash)| !hash.is_empty());
        let images = whole.map(|(number, _)| self.manifest.images(number).len());
        images.sum::<usize>() + self.buffered()
    }

    /// The next images whose features are missing: up to those that are there, or all.
    #[must_use]
    pub fn missing(&self) -> Option<Range<usize>> {
        let shards = &self.manifest.shards;
        let first = shards.iter().position(String::is_empty)?;
        let more = shards[first..].iter().take_while(|hash| hash.is_empty());
        let last = first + more.count() - 1;
        let start = self.manifest.images(first).start + self.buffered();
        Some(start..self.manifest.images(last).end)
    }

    /// Images in the buffer.
    fn buffered(&self) -> usize {
        self.buffer.len() / self.manifest.row().max(1)
    }

    /// Adds the features of the first of the [missing](Writer::missing) images.
    ///
    /// # Errors
    /// When a value is no finite number or too large for the type, or writing fails, as on a full
    /// disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), Error> {
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let start = self.missing().unwrap_or_default().start;
            return Err(Error::NotFinite {
                image: start + place / self.manifest.width(),
                value: values[place],
            });
        }
        let bytes = encode(self.manifest.key.dtype, values).map_err(Error::TooLarge)?;
        self.buffer.extend_from_slice(&bytes);
        while let Some(number) = self.manifest.shards.iter().position(String::is_empty) {
            let bytes = self.manifest.bytes(number);
            if self.buffer.len() < bytes {
                break;
            }
            let hash = sha256(&self.buffer[..bytes]);
            let file = self.folder.join(self.manifest.name(number, &hash));
            graft_durable::write(&file, &self.buffer[..bytes])?;
            self.buffer.drain(..bytes);
            self.manifest.shards[number] = hash;
        }
        Ok(())
    }

    /// Completes the entry, and opens it.
    ///
    /// # Errors
    /// When there are not as many features as the key says, a file cannot be written, or a shard is no
    /// longer what was written.
    pub fn finish(self) -> Result<Features, Error> {
        let (expected, found) = (self.manifest.key.count, self.images());
        if found != expected {
            let expected = format!("features of {expected} images");
            return Err(Error::corrupt(&self.folder, expected, found.to_string()));
        }
        let manifest = Manifest::path(&self.folder);
        graft_durable::write(&manifest, &json(&self.manifest))?;
        Features::open(&self.folder, &self.manifest.key)
    }
}
