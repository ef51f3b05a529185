//! Features that entries for other sets have of the same images, so that a set which has some pictures more, or
//! a class more, has only these computed.
//!
//! An entry of images as they are, not of views, has a file `images` beside its shards: the first 16 bytes of each
//! image's SHA-256 (over its dimensions and pixels), in their order.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use graft_dataset::ImageSet;

use crate::cache::{Content, list, touch};
use crate::key::hashing;
use crate::{Error, Features, Key};

/// The file's name.
const IMAGES: &str = "images";
/// How many bytes of a hash are kept.
const DIGEST: usize = 16;

/// What tells every image of a set, one after another.
pub(crate) struct Digests(Vec<u8>);

impl Digests {
    pub(crate) fn of(set: &ImageSet) -> Self {
        let digest = |index| hashing(set, std::iter::once(index)).digest();
        let digests = (0..set.len()).map(digest);
        Self(
            digests
                .flat_map(|all| all.into_iter().take(DIGEST))
                .collect(),
        )
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chunks_exact(DIGEST)
    }

    /// Whether the folder of an entry has them.
    pub(crate) fn are_in(entry: &Path) -> bool {
        entry.join(IMAGES).exists()
    }

    /// Writes them into the folder of the images' entry.
    pub(crate) fn write(&self, entry: &Path) -> Result<(), Error> {
        Ok(graft_durable::write(&entry.join(IMAGES), &self.0)?)
    }

    /// Those of an entry of `count` images, where it has them.
    fn read(entry: &Path, count: usize) -> Option<Self> {
        let bytes = fs::read(entry.join(IMAGES)).ok()?;
        (bytes.len() == DIGEST * count).then_some(Self(bytes))
    }
}

/// What other entries have.
#[derive(Default)]
pub(crate) struct Reused {
    entries: Vec<Features>,
    /// For every image the entry that has it, and its place there.
    places: Vec<Option<(usize, usize)>>,
}

impl Reused {
    /// What the entries in `cache` have of the images of these digests, computed as `key` says: from the largest
    /// entries first, so that few are opened.
    pub(crate) fn find(cache: &Path, key: &Key, digests: &Digests) -> Result<Self, Error> {
        let mut entries: Vec<_> = list(cache)?
            .into_iter()
            .filter_map(|listed| match listed.content {
                Content::Entry(other) if is_alike(key, &other) => Some((listed.path, other)),
                _ => None,
            })
            .collect();
        entries.sort_by_key(|(_, other)| std::cmp::Reverse(other.count));
        let mut reused = Self {
            entries: Vec::new(),
            places: vec![None; key.count],
        };
        for (path, other) in entries {
            if reused.places.iter().all(Option::is_some) {
                break;
            }
            // Reading single images from an object store may take longer than computing them.
            if Features::are_stored(&path) {
                continue;
            }
            let Some(there) = Digests::read(&path, other.count) else {
                continue;
            };
            let there: HashMap<&[u8], usize> = there.iter().zip(0..).collect();
            let missing = { reused.places.iter().zip(digests.iter()).enumerate() }
                .filter(|(_, (place, _))| place.is_none());
            let found: Vec<_> = missing
                .filter_map(|(image, (_, digest))| Some((image, *there.get(digest)?)))
                .collect();
            if found.is_empty() {
                continue;
            }
            // What is damaged is of no use, and is told when it is asked for by its own key.
            if let Ok(features) = Features::open(&path, &other) {
                touch(&path);
                for (image, place) in found {
                    reused.places[image] = Some((reused.entries.len(), place));
                }
                reused.entries.push(features);
            }
        }
        Ok(reused)
    }

    /// Whether another entry has the features of an image.
    pub(crate) fn has(&self, image: usize) -> bool {
        self.places.get(image).is_some_and(Option::is_some)
    }

    /// Values an image has; 0 where no entry is of use.
    pub(crate) fn width(&self) -> usize {
        self.entries.first().map_or(0, Features::width)
    }

    /// The features of some images, one after another, each of which another entry has.
    ///
    /// # Errors
    /// When it stays in an object store that is out of reach.
    pub(crate) fn rows(&self, images: Range<usize>) -> Result<Vec<f32>, Error> {
        let mut rows = Vec::new();
        for (entry, place) in self.places[images].iter().flatten() {
            rows.extend(self.entries[*entry].rows(&[*place])?);
        }
        Ok(rows)
    }
}

/// Whether `other` is of other images, and the same in everything else.
fn is_alike(key: &Key, other: &Key) -> bool {
    let mut same = other.clone();
    same.images.clone_from(&key.images);
    same.count = key.count;
    same == *key && other.images != key.images
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;
    use crate::tests::{key_of, set};

    /// An entry of images of one pixel each, whose features are the pixel's value and `more`.
    fn entry(cache: &Path, pixels: &[u8], engine: &str, more: f32) -> (Key, Digests) {
        let (key, digests) = of(pixels, engine);
        let path = key.path(cache);
        let mut writer = Writer::open(&path, &key, [2, 1, 1]).unwrap();
        for pixel in pixels {
            writer.append(&[f32::from(*pixel), more]).unwrap();
        }
        digests.write(&path).unwrap();
        writer.finish().unwrap();
        (key, digests)
    }

    fn of(pixels: &[u8], engine: &str) -> (Key, Digests) {
        let set = set(pixels);
        (key_of(&set, engine), Digests::of(&set))
    }

    fn known(reused: &Reused, images: usize) -> Vec<usize> {
        (0..images).filter(|image| reused.has(*image)).collect()
    }

    #[test]
    fn images_are_found_wherever_they_stand_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path();
        entry(cache, &[1, 2, 3], "this", 0.5);
        entry(cache, &[9, 3], "this", 0.25);
        entry(cache, &[4, 5, 6, 7, 8], "another", 0.0);
        let (key, digests) = of(&[3, 4, 1, 1, 9, 0], "this");
        let reused = Reused::find(cache, &key, &digests).unwrap();
        assert_eq!(known(&reused, 6), [0, 2, 3, 4]);
        assert_eq!(
            reused.rows(0..1).unwrap(),
            [3.0, 0.5],
            "of the larger entry"
        );
        assert_eq!(reused.rows(2..5).unwrap(), [1.0, 0.5, 1.0, 0.5, 9.0, 0.25]);
        // Its own entry is not another.
        let (key, digests) = entry(cache, &[40, 41], "this", 0.0);
        let reused = Reused::find(cache, &key, &digests).unwrap();
        assert!(known(&reused, 2).is_empty());
    }

    #[test]
    fn entries_that_are_damaged_or_have_no_digests_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path();
        let (first, _) = entry(cache, &[1, 2], "this", 0.0);
        let (second, _) = entry(cache, &[2, 3, 4], "this", 0.0);
        fs::remove_file(first.path(cache).join(IMAGES)).unwrap();
        for file in fs::read_dir(second.path(cache)).unwrap().flatten() {
            if file.file_name().to_string_lossy().starts_with("000000-") {
                fs::write(file.path(), [0; 24]).unwrap();
            }
        }
        let (key, digests) = of(&[1, 2, 3], "this");
        let reused = Reused::find(cache, &key, &digests).unwrap();
        assert!(known(&reused, 3).is_empty());
    }
}
