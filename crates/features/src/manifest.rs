//! What an entry's folder says of itself. It is written last: an entry that has it is complete.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use graft_durable::sha256_file;
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
    /// How many shards of almost the same number of images there are, where workers made them; else all but the last
    /// have about [`SHARD`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<usize>,
    /// The folder in which the shards lie, where it is not the entry's own, or its URL in an object store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<PathBuf>,
    /// The SHA-256 of every shard; empty for one that is missing.
    pub(crate) shards: Vec<String>,
    /// The entity tags of shards that stay in an object store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) versions: Vec<String>,
}

/// Which images are in which shard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    images: usize,
    /// Images of a shard, or the number of shards.
    by: By,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Size(usize),
    Parts(usize),
}

impl Layout {
    /// Shards of `size` images each, the last with the rest.
    pub(crate) fn sized(images: usize, size: usize) -> Self {
        let by = By::Size(size.max(1));
        Self { images, by }
    }

    /// So many shards, of which none has two images more than another.
    pub(crate) fn parts(images: usize, parts: usize) -> Self {
        let by = By::Parts(parts.max(1));
        Self { images, by }
    }

    fn shards(self) -> usize {
        match self.by {
            By::Size(size) => self.images.div_ceil(size),
            By::Parts(parts) => parts,
        }
    }

    /// The images of a shard.
    pub(crate) fn range(self, shard: usize) -> Range<usize> {
        let start = |shard: usize| match self.by {
            By::Size(size) => self.images.min(shard * size),
            By::Parts(parts) => self.images * shard / parts,
        };
        start(shard)..start(shard + 1)
    }

    /// The shard of an image, and the image's place there.
    pub(crate) fn place(self, image: usize) -> (usize, usize) {
        let shard = match self.by {
            By::Size(size) => image / size,
            // The last shard that begins at the image or before.
            By::Parts(parts) => ((image + 1) * parts - 1) / self.images,
        };
        (shard, image - self.range(shard).start)
    }
}

impl Manifest {
    /// An entry of which every shard is missing.
    pub(crate) fn new(key: &Key, map: [usize; 3], parts: Option<usize>) -> Self {
        let mut manifest = Self {
            key: key.clone(),
            map,
            parts,
            at: None,
            shards: Vec::new(),
            versions: Vec::new(),
        };
        let count = manifest.layout().shards();
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
        if found != manifest.layout().shards() {
            return Err(corrupt(format!("one of {found} shards")));
        }
        Ok(manifest)
    }

    /// Where the manifest of the entry in `folder` lies.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("entry.json")
    }

    /// The images of a shard.
    pub(crate) fn images(&self, number: usize) -> Range<usize> {
        self.layout().range(number)
    }

    /// The bytes of a shard.
    pub(crate) fn bytes(&self, number: usize) -> usize {
        self.images(number).len() * self.row()
    }

    pub(crate) fn layout(&self) -> Layout {
        match self.parts {
            None => Layout::sized(self.key.count, SHARD / self.row().max(1)),
            Some(parts) => Layout::parts(self.key.count, parts),
        }
    }

    /// The name of a shard's file.
    pub(crate) fn name(&self, number: usize, sha256: &str) -> String {
        format!("{}{sha256}", self.stem(number))
    }

    /// What the name of a shard's file begins with, before its SHA-256.
    pub(crate) fn stem(&self, number: usize) -> String {
        match self.parts {
            None => format!("{number:06}-"),
            Some(parts) => format!("{number:06}-of-{parts:06}-"),
        }
    }

    /// Whether workers made its shards.
    pub(crate) fn is_gathered(&self) -> bool {
        self.parts.is_some()
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

/// The SHA-256 in the name of `file` behind `stem`, where it is a shard of so many bytes with this content.
pub(crate) fn whole(file: &Path, stem: &str, bytes: u64) -> Option<String> {
    let hash = file.file_name()?.to_str()?.strip_prefix(stem)?;
    let is_whole = fs::metadata(file).ok()?.len() == bytes && sha256_file(file).ok()? == hash;
    is_whole.then(|| hash.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_in_one_shard() {
        for images in [1, 7, 64, 100] {
            let parts = (1..=images).map(|parts| (parts, Layout::parts(images, parts)));
            let sized =
                (1..=images).map(|size| (images.div_ceil(size), Layout::sized(images, size)));
            for (shards, layout) in parts.chain(sized) {
                assert_eq!(layout.shards(), shards);
                let ranges = (0..shards).map(|shard| layout.range(shard));
                let all: Vec<usize> = ranges.clone().flatten().collect();
                assert_eq!(all, (0..images).collect::<Vec<_>>());
                for (shard, range) in ranges.enumerate() {
                    assert!(!range.is_empty());
                    for (place, image) in range.enumerate() {
                        assert_eq!(layout.place(image), (shard, place), "{layout:?}");
                    }
                }
            }
        }
    }
}
