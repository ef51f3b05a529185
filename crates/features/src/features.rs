//! Features being read: every shard is checked, then mapped into memory rather than loaded.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use graft_durable::sha256;
use graft_recipe::Dtype;
use memmap2::Mmap;

use crate::dtype::{decode, encode_f32};
use crate::manifest::{Manifest, shard_name};
use crate::{Error, Key};

/// How many bytes may have been read before the pages of all shards are given back. They stay in the
/// system's own cache, so that reading them again costs little.
const RESIDENT: usize = 32 << 20;

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
    /// When it is missing, damaged, or made for another key.
    pub fn open(path: &Path, key: &Key) -> Result<Self, Error> {
        let manifest = Manifest::read(path)?;
        if manifest.key != *key {
            let [expected, found] = [key, &manifest.key].map(|key| key.to_value());
            return Err(Error::corrupt(path, format!("the key {expected}"), found.to_string()));
        }
        let shards = manifest.shards.iter().enumerate().map(|(number, hash)| {
            let file = path.join(shard_name(number, hash));
            let map = map(&file)?;
            if !manifest.is_shard(number, &map, hash) {
                let expected = format!("{} bytes of this sha256", manifest.bytes(number));
                let found = format!("{} of sha256 {}", map.len(), sha256(&map));
                return Err(Error::corrupt(&file, expected, found));
            }
            give_back(&map);
            Ok(Shard::Mapped(map))
        });
        Ok(Self {
            shards: shards.collect::<Result<_, _>>()?,
            images_per_shard: manifest.images_per_shard,
            images: key.count,
            width: manifest.width(),
            dtype: key.dtype,
            sha256: manifest.sha256(),
            read: AtomicUsize::new(0),
        })
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

    /// A SHA-256 that tells these features from others: over what they were made for and the hashes
    /// of their shards.
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
        }
        self.count(indices.len() * row);
        values
    }

    /// Counts bytes that were read, and gives all pages back once they are many.
    fn count(&self, bytes: usize) {
        if self.read.fetch_add(bytes, Ordering::Relaxed) > RESIDENT {
            self.read.store(0, Ordering::Relaxed);
            for shard in &self.shards {
                if let Shard::Mapped(map) = shard {
                    give_back(map);
                }
            }
        }
    }
}

#[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
fn map(path: &Path) -> Result<Mmap, Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::corrupt(path, "a shard", "no such file"));
        }
        file => file.map_err(graft_durable::Error::on("open", path))?,
    };
    // SAFETY: shards are written under another name, renamed when they are whole, and never changed
    // after that, so the mapped bytes stay what they are for as long as they are mapped.
    let map = unsafe { Mmap::map(&file) };
    Ok(map.map_err(graft_durable::Error::on("map", path))?)
}

/// Tells the system that no page of the file is needed in memory now. That it does not listen is no
/// failure.
#[cfg_attr(
    unix,
    expect(unsafe_code, reason = "see the comment on the safety of the advice")
)]
fn give_back(map: &Mmap) {
    #[cfg(unix)]
    {
        use memmap2::UncheckedAdvice;
        // SAFETY: the map is of a file and only read, so a page that was given back is read from the
        // file again, as it was.
        let _ = unsafe { map.unchecked_advise(UncheckedAdvice::DontNeed) };
    }
    #[cfg(not(unix))]
    let _ = map;
}
