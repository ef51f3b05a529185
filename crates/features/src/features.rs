//! Features being read: every shard is checked, then mapped into memory rather than loaded.

use std::path::Path;

use graft_durable::{Maps, sha256, sha256_file};
use graft_recipe::Dtype;

use crate::dtype::{decode, encode_f32};
use crate::key::json;
use crate::manifest::{Layout, Manifest};
use crate::{Error, Key};

/// The features of a set of images: on disk and mapped into memory, where only pages that were read
/// lately cost any; or values that are held in memory.
pub struct Features {
    shards: Shards,
    layout: Layout,
    images: usize,
    width: usize,
    dtype: Dtype,
    sha256: String,
}

/// The features of consecutive images, little-endian: files, or one shard in memory.
enum Shards {
    Mapped(Maps),
    Held(Vec<u8>),
}

impl Features {
    /// How many bytes the entry in the folder `path` has, where there is a complete one.
    #[must_use]
    pub fn bytes(path: &Path) -> Option<u64> {
        let manifest = Manifest::read(path).ok()?;
        Some((manifest.key.count * manifest.row()) as u64)
    }

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
        let is_gathered = manifest.is_gathered();
        let damaged = |path: &Path, expected: String, found: String| {
            // Nobody wants to compute on one machine what many have computed.
            if is_gathered {
                let path = path.to_owned();
                Error::Gathered {
                    path,
                    expected,
                    found,
                }
            } else {
                Error::corrupt(path, expected, found)
            }
        };
        let maps = Maps::new(manifest.shards.len());
        for (number, hash) in manifest.shards.iter().enumerate() {
            let file = manifest.at.as_deref().unwrap_or(path);
            let file = file.join(manifest.name(number, hash));
            let unread = |error: graft_durable::Error| {
                damaged(&file, "a shard".into(), error.source.to_string())
            };
            // Read rather than mapped: no page of it stays in memory.
            let found = sha256_file(&file).map_err(unread)?;
            let length = maps.open(number, &file, |bytes| Some(bytes.len()));
            let bytes = length.map_err(unread)?.unwrap_or_default();
            if bytes != manifest.bytes(number) || found != *hash {
                let expected =
                    format!("{} bytes of the sha256 in its name", manifest.bytes(number));
                let found = format!("{bytes} of sha256 {found}");
                return Err(damaged(&file, expected, found));
            }
        }
        // Where they lie is not what they are.
        let mut manifest = manifest;
        manifest.at = None;
        Ok(Self {
            shards: Shards::Mapped(maps),
            layout: manifest.layout(),
            images: key.count,
            width: manifest.width(),
            dtype: key.dtype,
            sha256: sha256(&json(&manifest)),
        })
    }

    /// Values in memory, `width` an image, that no cache holds: what else a head may learn from.
    #[must_use]
    pub fn held(values: &[f32], width: usize) -> Self {
        let bytes = encode_f32(values);
        let images = values.len() / width.max(1);
        Self {
            layout: Layout::sized(images, images),
            images,
            width,
            dtype: Dtype::F32,
            sha256: sha256(&bytes),
            shards: Shards::Held(bytes),
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
            let (shard, place) = self.layout.place(*index);
            let start = place * row;
            let shard = match &self.shards {
                Shards::Mapped(maps) => maps.bytes(shard).unwrap_or_default(),
                Shards::Held(bytes) => bytes,
            };
            decode(self.dtype, &shard[start..start + row], &mut values);
            if let Shards::Mapped(maps) = &self.shards {
                maps.count(row);
            }
        }
        values
    }
}
