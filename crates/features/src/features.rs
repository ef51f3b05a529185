//! Features being read: every shard is checked, then mapped into memory rather than loaded.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use graft_durable::sha256;
use graft_recipe::Dtype;
use memmap2::Mmap;

use crate::dtype::{decode, encode_f32};
use crate::key::json;
use crate::manifest::{Manifest, shard_name};
use crate::{Error, Key};

/// How many bytes may have been read before the pages of all shards are given back. They stay in the
/// system's own cache, so that reading them again costs little.
const RESIDENT: usize = 64 << 20;

/// The features of a set of images: on disk and mapped into memory, where only pages that were read
/// lately cost any; or values that are held in memory.
pub struct Features {
    shards: Vec<Shard>,
    images_per_shard: usize,
    images: usize,
    width: usize,
    dtype: Dtype,
    sha256: String,
    /// Bytes read since pages were last given back.
    read: AtomicUsize,
}

/// The features of consecutive images, little-endian.
enum Shard {
    Mapped(Mmap),
    Held(Vec<u8>),
}

impl Features {
    /// Opens the entry in the folder `path`, checking that it was made for `key` and holds what was
    /// written.
    ///
    /// # Errors
    /// [`Error::Missing`], or [`Error::Corrupt`] where it is damaged or was made for another key.
    pub fn open(path: &Path, key: &Key) -> Result<Self, Error> {
        let manifest = Manifest::read(path)?;
        if manifest.key != *key {
            let [expected, found] = [key, &manifest.key].map(Key::to_value);
            let (path, expected) = (Manifest::path(path), format!("the key {expected}"));
            return Err(Error::corrupt(&path, expected, found.to_string()));
        }
        let mut features = Self {
            shards: Vec::new(),
            images_per_shard: manifest.images_per_shard(),
            images: key.count,
            width: manifest.width(),
            dtype: key.dtype,
            sha256: sha256(&json(&manifest)),
            read: AtomicUsize::new(0),
        };
        for (number, hash) in manifest.shards.iter().enumerate() {
            let file = path.join(shard_name(number, hash));
            let map =
                map(&file).map_err(|error| Error::corrupt(&file, "a shard", error.to_string()))?;
            let (bytes, found) = (map.len(), sha256(&map));
            if bytes != manifest.bytes(number) || found != *hash {
                let expected =
                    format!("{} bytes of the sha256 in its name", manifest.bytes(number));
                let found = format!("{bytes} of sha256 {found}");
                return Err(Error::corrupt(&file, expected, found));
            }
            features.shards.push(Shard::Mapped(map));
            features.count(bytes);
        }
        features.count(RESIDENT);
        Ok(features)
    }

    /// Values in memory, `width` an image, that no cache holds: what else a head may learn from.
    #[must_use]
    pub fn held(values: &[f32], width: usize) -> Self {
        let bytes = encode_f32(values);
        let images = values.len() / width.max(1);
        Self {
            images_per_shard: images.max(1),
            images,
            width,
            dtype: Dtype::F32,
            sha256: sha256(&bytes),
            read: AtomicUsize::new(0),
            shards: vec![Shard::Held(bytes)],
        }
    }

    /// How many images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images
    }

    /// Values an image has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The SHA-256 of what they were made for and of the hashes of all shards.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The features of the images at `indices`, one row after another; every index is below
    /// [`Features::images`].
    #[must_use]
    pub fn rows(&self, indices: &[usize]) -> Vec<f32> {
        let row = self.width * self.dtype.bytes();
        let mut values = Vec::with_capacity(indices.len() * self.width);
        for index in indices {
            let start = index % self.images_per_shard * row;
            let shard = match &self.shards[index / self.images_per_shard] {
                Shard::Mapped(map) => &map[..],
                Shard::Held(bytes) => bytes,
            };
            decode(self.dtype, &shard[start..start + row], &mut values);
            self.count(row);
        }
        values
    }

    /// Counts bytes that were read; once they are many, tells the system that no page of the files is
    /// needed in memory now. That it does not listen is no failure.
    #[cfg_attr(unix, expect(unsafe_code, reason = "see the comment on its safety"))]
    fn count(&self, bytes: usize) {
        if self.read.fetch_add(bytes, Ordering::Relaxed) + bytes < RESIDENT {
            return;
        }
        self.read.store(0, Ordering::Relaxed);
        for shard in &self.shards {
            #[cfg(unix)]
            if let Shard::Mapped(map) = shard {
                // SAFETY: the map is of a file and only read, so a page that was given back is read
                // from the file again, as it was.
                let _ = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
            }
            #[cfg(not(unix))]
            let _ = shard;
        }
    }
}

#[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
fn map(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: shards are written under another name, renamed when they are whole, and never changed
    // after that, so the mapped bytes stay what they are for as long as they are mapped.
    unsafe { Mmap::map(&file) }
}
