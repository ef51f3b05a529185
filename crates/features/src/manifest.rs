//! What an entry's folder says of itself. It is written last: an entry that has it is complete.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Key};

/// About how many bytes a shard has.
const SHARD: usize = if cfg!(test) { 32 } else { 16 << 20 };

/// An entry: what it was made for, and its shards.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) key: Key,
    /// `[channels, height, width]` of an image's features.
    map: [usize; 3],
    /// The SHA-256 of every shard; empty for one that is missing.
    pub(crate) shards: Vec<String>,
}

impl Manifest {
    /// An entry of which every shard is missing.
    pub(crate) fn new(key: &Key, map: [usize; 3]) -> Self {
        let mut manifest = Self {
            key: key.clone(),
            map,
            shards: Vec::new(),
        };
        let count = key.count.div_ceil(manifest.images_per_shard());
        manifest.shards.resize(count, String::new());
        manifest
    }

    /// Reads the manifest of the entry in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = Self::path(folder);
        let corrupt = |found| Error::corrupt(&path, "the manifest of an entry", found);
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Missing(folder.to_owned()),
            _ => corrupt(error.to_string()),
        })?;
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        let found = manifest.shards.len();
        if found != manifest.key.count.div_ceil(manifest.images_per_shard()) {
            return Err(corrupt(format!("one of {found} shards")));
        }
        Ok(manifest)
    }

    /// Where the manifest of the entry in `folder` lies.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("entry.json")
    }

    /// The images of a shard; the last one has the rest.
    pub(crate) fn images(&self, number: usize) -> Range<usize> {
        let start = number * self.images_per_shard();
        start..self.key.count.min(start + self.images_per_shard())
    }

    /// The bytes of a shard.
    pub(crate) fn bytes(&self, number: usize) -> usize {
        self.images(number).len() * self.row()
    }

    pub(crate) fn images_per_shard(&self) -> usize {
        (SHARD / self.row().max(1)).max(1)
    }

    /// Values an image has.
    pub(crate) fn width(&self) -> usize {
        self.map.iter().product()
    }

    /// Bytes an image has.
    pub(crate) fn row(&self) -> usize {
        self.key.dtype.bytes() * self.width()
    }
}

/// The name of a shard's file.
pub(crate) fn shard_name(number: usize, sha256: &str) -> String {
    format!("{number:06}-{sha256}")
}
