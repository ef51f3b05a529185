//! Features being read: every shard is checked, then mapped into memory rather than loaded. Those of an object store
//! were checked when they were gathered, and are read by their versions.

use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_dataset::{is_url, read_spans, shuffle};
use graft_durable::{Maps, sha256, sha256_file};
use graft_recipe::Dtype;

use crate::dtype::{decode, encode_f32};
use crate::key::json;
use crate::manifest::{Layout, Manifest};
use crate::streamed::Streamed;
use crate::{Error, Key};

/// The features of a set of images: on disk and mapped into memory, where only pages that were read
/// lately cost any; in an object store; or values that are held in memory.
pub struct Features {
    shards: Shards,
    layout: Layout,
    images: usize,
    width: usize,
    dtype: Dtype,
    sha256: String,
}

/// The features of consecutive images, little-endian: files, files in an object store, or one shard in memory.
enum Shards {
    Mapped(Maps),
    Streamed(Streamed),
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
    /// [`Error::Missing`]; [`Error::Corrupt`] where it is damaged or was made for another key; [`Error::Gathered`] where
    /// a gathered shard is; or when an object store is out of reach.
    pub fn open(path: &Path, key: &Key) -> Result<Self, Error> {
        let manifest = Manifest::read(path)?;
        if manifest.key != *key {
            let [expected, found] = [key, &manifest.key].map(Key::to_value);
            let (path, expected) = (Manifest::path(path), format!("the key {expected}"));
            return Err(Error::corrupt(&path, expected, found.to_string()));
        }
        if let Some(url) = manifest.at.clone().filter(|at| is_url(at)) {
            return Self::streamed(manifest, path, url);
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

    /// Whether the shards of the entry in the folder `path` stay in an object store.
    #[must_use]
    pub fn are_stored(path: &Path) -> bool {
        Manifest::read(path).is_ok_and(|manifest| manifest.at.is_some_and(|at| is_url(&at)))
    }

    /// Those of the entry in the folder `path` whose shards stay at `url`. The first image's are read, so that a store that
    /// is out of reach is told at once.
    fn streamed(mut manifest: Manifest, path: &Path, url: PathBuf) -> Result<Self, Error> {
        let (found, expected) = (manifest.versions.len(), manifest.shards.len());
        if found != expected {
            return Err(Error::Gathered {
                path: Manifest::path(path),
                expected: format!("an entity tag of each of {expected} shards"),
                found: format!("{found} of them"),
            });
        }
        // Where they lie is not what they are; that an epoch has another order makes other weights of them.
        manifest.at = Some("an object store".into());
        let versions = std::mem::take(&mut manifest.versions);
        let sha256 = sha256(&json(&manifest));
        let (layout, row, key) = (manifest.layout(), manifest.row(), manifest.key.clone());
        let width = manifest.width();
        let read = move |spans: &[(usize, Range<u64>)]| {
            let name = |shard: &usize| manifest.name(*shard, &manifest.shards[*shard]);
            let names: Vec<String> = spans.iter().map(|(shard, _)| name(shard)).collect();
            let spans = names.iter().zip(spans);
            let spans =
                spans.map(|(name, (shard, bytes))| (&**name, &*versions[*shard], bytes.clone()));
            Ok(read_spans(&url, &spans.collect::<Vec<_>>())?)
        };
        let features = Self {
            shards: Shards::Streamed(Streamed::new(layout, row, Box::new(read))),
            layout,
            images: key.count,
            width,
            dtype: key.dtype,
            sha256,
        };
        features.rows(&[0])?;
        Ok(features)
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

    /// The SHA-256 of what they were made for and of the hashes of all shards, and of whether these stay in an object
    /// store, since epochs then have another order.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The images at `indices`, which ascend, in the order in which an epoch (from 1) sees them, which depends on
    /// the seed: shuffled, in windows where their shards stay in an object store.
    #[must_use]
    pub fn order(&self, indices: &[usize], seed: u64, epoch: u64) -> Vec<usize> {
        if let Shards::Streamed(streamed) = &self.shards {
            return streamed.order(indices, seed, epoch);
        }
        let mut order = indices.to_vec();
        shuffle(&mut order, seed, epoch);
        order
    }

    /// The features of the images at `indices`, one row after another; every index is below
    /// [`Features::images`].
    ///
    /// # Errors
    /// When they stay in an object store that is out of reach or has other files by now.
    pub fn rows(&self, indices: &[usize]) -> Result<Vec<f32>, Error> {
        let row = self.width * self.dtype.bytes();
        let mut values = Vec::with_capacity(indices.len() * self.width);
        let mut take = |bytes: &[u8]| decode(self.dtype, bytes, &mut values);
        let places = indices.iter().map(|index| {
            let (shard, place) = self.layout.place(*index);
            (shard, place * row..(place + 1) * row)
        });
        match &self.shards {
            Shards::Streamed(streamed) => streamed.rows(indices, take)?,
            Shards::Held(bytes) => places.for_each(|(_, place)| take(&bytes[place])),
            Shards::Mapped(maps) => places.for_each(|(shard, place)| {
                take(&maps.bytes(shard).unwrap_or_default()[place]);
                maps.count(row);
            }),
        }
        Ok(values)
    }
}
