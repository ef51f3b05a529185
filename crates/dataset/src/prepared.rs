//! A prepared set: pictures as images of one form, in shards on the disk. A shard is whole or absent, so
//! that interrupted work resumes with the next one.
//!
//! A shard is a file of the images' bytes, one after another; then JSON with those that could not be
//! read, the JSON's length and the CRC-32C of all before it, each as a little-endian u32.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use graft_durable::{Maps, sha256, write};
use rayon::prelude::*;

use crate::{Error, ImageForm};

/// The version of the layout and of the code that decodes and scales; a new one is a new entry.
const FORMAT: u32 = 1;
/// How the name of an entry's folder begins; a hash follows.
pub const PREPARED: &str = "pictures-";
/// How many bytes a shard's images have, beyond a single one.
const SHARD: usize = 32 << 20;
/// Length and checksum.
const FOOTER: usize = 8;

/// A picture that could not be read: its place in the shard, and why.
type Bad = (usize, String);

/// Images that are mapped into memory.
#[derive(Debug)]
pub(crate) struct Prepared {
    maps: Maps,
    image: usize,
    per_shard: usize,
}

impl Prepared {
    /// Prepares `pictures`, each with the SHA-256 of its file, or takes what is there already from the
    /// folder `cache`; `advance` is told of every few that are done. Also returns the places of pictures
    /// that could not be decoded, and why.
    pub(crate) fn make<E: From<Error>>(
        pictures: &[(&Path, &str)],
        form: ImageForm,
        cache: &Path,
        mut advance: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(Self, Vec<Bad>), E> {
        let folder = folder(cache, pictures, form);
        let mut prepared = Self {
            maps: Maps::default(),
            image: form.bytes(),
            per_shard: (SHARD / form.bytes().max(1)).max(1),
        };
        let mut bad = Vec::new();
        for (number, some) in pictures.chunks(prepared.per_shard).enumerate() {
            let path = folder.join(format!("{number:06}"));
            let of_shard = if let Some(bad) = prepared.open(&path, some.len()) {
                bad
            } else {
                write(&path, &shard(some, form)).map_err(Error::from)?;
                prepared
                    .open(&path, some.len())
                    .ok_or_else(|| changed(&path))?
            };
            let first = number * prepared.per_shard;
            bad.extend(
                of_shard
                    .into_iter()
                    .map(|(place, why)| (first + place, why)),
            );
            advance(some.len())?;
        }
        prepared.maps.give_back();
        Ok((prepared, bad))
    }

    /// Maps the shard at `path`; nothing where it is not whole.
    fn open(&mut self, path: &Path, images: usize) -> Option<Vec<Bad>> {
        if !path.exists() {
            return None;
        }
        let bytes = self.maps.add(path).ok()?;
        let bad = check(bytes, images * self.image);
        let length = bytes.len();
        self.maps.count(length);
        if bad.is_none() {
            self.maps.pop();
        }
        bad
    }

    /// The bytes of the image at a place.
    pub(crate) fn image(&self, place: usize) -> &[u8] {
        self.maps.count(self.image);
        let shard = self.maps.bytes(place / self.per_shard);
        &shard[place % self.per_shard * self.image..][..self.image]
    }
}

/// The folder of these pictures in this form.
fn folder(cache: &Path, pictures: &[(&Path, &str)], form: ImageForm) -> PathBuf {
    let mut key = format!("{FORMAT} {form:?}");
    for (_, hash) in pictures {
        // Writing to a string cannot fail.
        let _ = write!(key, " {hash}");
    }
    cache.join(format!("{PREPARED}{}", &sha256(key.as_bytes())[..16]))
}

/// A shard of these pictures; what cannot be read stays black.
fn shard(pictures: &[(&Path, &str)], form: ImageForm) -> Vec<u8> {
    let mut bytes = vec![0; pictures.len() * form.bytes()];
    let images = bytes.par_chunks_exact_mut(form.bytes()).zip(pictures);
    let mut bad: Vec<Bad> = images
        .enumerate()
        .filter_map(|(place, (image, (path, _)))| match form.read(path) {
            Ok(pixels) => {
                image.copy_from_slice(&pixels);
                None
            }
            Err(error) => Some((place, error.to_string())),
        })
        .collect();
    bad.sort();
    let json = serde_json::to_vec(&bad).unwrap_or_default();
    bytes.extend(&json);
    bytes.extend(u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The pictures that could not be read of a shard with `images` bytes of images; nothing where it is not
/// what was written.
fn check(bytes: &[u8], images: usize) -> Option<Vec<Bad>> {
    let (rest, sum) = bytes.split_last_chunk()?;
    let (rest, length) = rest.split_last_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    let is_whole = bytes.len() == images + length + FOOTER
        && crc32c::crc32c(&bytes[..bytes.len() - 4]) == u32::from_le_bytes(*sum);
    let json = rest.get(images..).filter(|_| is_whole)?;
    serde_json::from_slice(json).ok()
}

fn changed(path: &Path) -> Error {
    Error::Source {
        path: path.to_owned(),
        expected: "the shard that was just written",
        found: "another".into(),
        next: "train again",
    }
}
