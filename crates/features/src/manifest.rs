//! What an entry's folder says of itself. It is written last: an entry that has it is complete.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_durable::sha256;
use serde::{Deserialize, Serialize};

use crate::{Error, Key};

/// Its name in the folder.
const FILE: &str = "entry.json";

/// About how many bytes a shard has.
pub(crate) const SHARD_BYTES: usize = 16 << 20;

/// An entry: what it was made for, and its shards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) key: Key,
    /// `[images, channels, height, width]`
    pub(crate) shape: [usize; 4],
    /// Of every shard but the last, which has the rest.
    pub(crate) images_per_shard: usize,
    /// The SHA-256 of every shard; empty for one that is missing.
    pub(crate) shards: Vec<String>,
}

/// The file: a manifest and the SHA-256 of its JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checksummed {
    entry: Manifest,
    sha256: String,
}

impl Manifest {
    /// An entry of which every shard is missing, with `[channels, height, width]` values an image.
    pub(crate) fn new(key: &Key, map: [usize; 3], shard_bytes: usize) -> Self {
        let row = key.dtype.bytes() * map.iter().product::<usize>();
        let images_per_shard = (shard_bytes / row.max(1)).max(1);
        Self {
            shape: [key.count, map[0], map[1], map[2]],
            images_per_shard,
            shards: vec![String::new(); key.count.div_ceil(images_per_shard)],
            key: key.clone(),
        }
    }

    /// Reads the manifest of the entry in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = Self::path(folder);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing(folder.to_owned()));
            }
            bytes => bytes.map_err(graft_durable::Error::on("read", &path))?,
        };
        let corrupt = |found| Error::corrupt(&path, "the manifest of an entry", found);
        let Checksummed { entry, sha256 } =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        let images_per_shard = entry.images_per_shard.max(1);
        let fits = entry.images_per_shard == images_per_shard
            && entry.shape[0] == entry.key.count
            && entry.shards.len() == entry.key.count.div_ceil(images_per_shard);
        if !fits || sha256 != entry.sha256() {
            return Err(corrupt(format!("another one than that of sha256 {sha256}")));
        }
        Ok(entry)
    }

    pub(crate) fn write(self, folder: &Path) -> Result<(), Error> {
        let file = Checksummed {
            sha256: self.sha256(),
            entry: self,
        };
        Ok(graft_durable::write(&Self::path(folder), &json(&file))?)
    }

    /// The SHA-256 of the key and all shards' hashes.
    pub(crate) fn sha256(&self) -> String {
        sha256(&json(self))
    }

    /// Where the manifest of the entry in `folder` lies.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Values an image has.
    pub(crate) fn width(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// Bytes an image has.
    pub(crate) fn row(&self) -> usize {
        self.key.dtype.bytes() * self.width()
    }

    /// The images of a shard.
    pub(crate) fn images(&self, shard: usize) -> Range<usize> {
        let start = shard * self.images_per_shard;
        start..self.shape[0].min(start + self.images_per_shard)
    }

    /// The bytes of a shard.
    pub(crate) fn bytes(&self, shard: usize) -> usize {
        self.images(shard).len() * self.row()
    }

    /// Whether `content` is that of a shard with this hash.
    pub(crate) fn is_shard(&self, shard: usize, content: &[u8], hash: &str) -> bool {
        content.len() == self.bytes(shard) && sha256(content) == hash
    }
}

/// The name of a shard's file.
pub(crate) fn shard_name(shard: usize, sha256: &str) -> String {
    format!("{shard:06}-{sha256}")
}

#[expect(clippy::expect_used, reason = "strings and numbers always fit JSON")]
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and numbers")
}
