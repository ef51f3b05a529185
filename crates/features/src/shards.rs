//! Features on their way into an entry: finished shards lie beside it, so that a computation that is
//! stopped goes on where it was.
//!
//! A shard holds encoded features of consecutive images, and its name their SHA-256. The folder of
//! an entry's shards is named like the entry, so shards of another key are never taken for them.

use std::path::{Path, PathBuf};
use std::{fs, mem};

use graft_durable::Error as FileError;

use super::{CacheError, Key, Writer};
use crate::Error;
use crate::dtype::encode;
use graft_environment::interrupt::go_on;

/// About how many bytes a shard has.
const SHARD: usize = 16 << 20;

/// The features of an entry that are there so far.
pub struct Shards {
    folder: PathBuf,
    key: Key,
    /// `[channels, height, width]`
    map: [usize; 3],
    images_a_shard: usize,
    finished: Vec<PathBuf>,
    /// Encoded features that are in no shard yet.
    buffer: Vec<u8>,
}

impl Shards {
    /// Opens the shards of the entry at `path`, those that are there and whole.
    #[must_use]
    pub fn open(path: &Path, key: &Key, map: [usize; 3]) -> Self {
        Self::in_parts(path, key, map, SHARD)
    }

    /// The same with shards of about `bytes`.
    fn in_parts(path: &Path, key: &Key, map: [usize; 3], bytes: usize) -> Self {
        let row = key.dtype.bytes() * map.iter().product::<usize>();
        let mut shards = Self {
            folder: folder(path),
            key: key.clone(),
            map,
            images_a_shard: (bytes / row).max(1),
            finished: Vec::new(),
            buffer: Vec::new(),
        };
        for abandoned in graft_durable::sweep(&shards.folder) {
            tracing::info!("deleted the abandoned {}", abandoned.display());
        }
        shards.finished = shards.whole();
        shards
    }

    /// How many images they have the features of.
    #[must_use]
    pub fn images(&self) -> usize {
        self.finished.len() * self.images_a_shard + self.buffer.len() / self.row()
    }

    /// Bytes of the entry's payload.
    #[must_use]
    pub fn entry_bytes(&self) -> u64 {
        (self.row() * self.key.count) as u64
    }

    /// Bytes of the payload that are there so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.row() * self.images()) as u64
    }

    /// Adds the features of the next images.
    ///
    /// # Errors
    /// When a value is no finite number or too large for the type, or writing fails, as on a full
    /// disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), CacheError> {
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let image = self.images() + place / self.map.iter().product::<usize>();
            let value = values[place];
            return Err(CacheError::NotFinite { image, value });
        }
        let bytes = encode(self.key.dtype, values);
        let bytes = bytes.map_err(|value| CacheError::TooLarge { value })?;
        self.buffer.extend_from_slice(&bytes);
        let shard = self.images_a_shard * self.row();
        while self.buffer.len() >= shard {
            let rest = self.buffer.split_off(shard);
            let whole = mem::replace(&mut self.buffer, rest);
            let name = name(self.finished.len(), &graft_durable::sha256(&whole));
            let path = self.folder.join(name);
            graft_durable::write(&path, &whole)?;
            self.finished.push(path);
        }
        Ok(())
    }

    /// Joins them to the entry at `path`, and removes them.
    ///
    /// # Errors
    /// When there are not as many features as the key says, a shard is no longer what was written, a
    /// file cannot be read or written, or a signal asks to stop.
    pub fn finish(self, path: &Path) -> Result<(), Error> {
        let mut writer = Writer::create(path, &self.key, self.map)?;
        for (number, shard) in self.finished.iter().enumerate() {
            go_on()?;
            let bytes = fs::read(shard).map_err(FileError::on("read", shard));
            let bytes = bytes.map_err(CacheError::from)?;
            let found = graft_durable::sha256(&bytes);
            if !shard.ends_with(name(number, &found)) {
                return Err(CacheError::Corrupt {
                    path: shard.clone(),
                    expected: "the sha256 in its name".into(),
                    found: format!("sha256 {found}; the same command computes it anew"),
                }
                .into());
            }
            writer.append_encoded(&bytes)?;
        }
        writer.append_encoded(&self.buffer)?;
        writer.finish()?;
        // What cannot be deleted does no harm.
        drop(fs::remove_dir_all(&self.folder));
        Ok(())
    }

    /// Bytes an image's features take.
    fn row(&self) -> usize {
        self.key.dtype.bytes() * self.map.iter().product::<usize>()
    }

    /// The shards from the first on, up to one that is missing or not what its name says.
    fn whole(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let bytes = self.images_a_shard * self.row();
        let is_whole = |(number, path): &(usize, PathBuf)| {
            let content = fs::read(path).unwrap_or_default();
            let name = name(*number, &graft_durable::sha256(&content));
            content.len() == bytes && path.ends_with(name)
        };
        let whole = paths.into_iter().enumerate().take_while(is_whole);
        whole.map(|(_, path)| path).collect()
    }
}

/// Where the shards of the entry at `path` lie.
pub(super) fn folder(path: &Path) -> PathBuf {
    path.with_extension(EXTENSION)
}

/// How the name of a folder of shards ends.
pub(super) const EXTENSION: &str = "shards";

fn name(number: usize, sha256: &str) -> String {
    format!("{number:06}-{sha256}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;
    use graft_backbone::Boundary;
    use graft_compute::Backend;
    use graft_dataset::{ImageSet, Preprocessing};
    use graft_fuzz::{Damage, place};
    use graft_recipe::Dtype;

    /// Nine images of 256 values each: four to a shard.
    const IMAGES: usize = 9;
    const MAP: [usize; 3] = [256, 1, 1];

    fn open(path: &Path) -> Shards {
        Shards::in_parts(path, &key(), MAP, 4 * 1024)
    }

    fn key() -> Key {
        let set = ImageSet::new(1, 1, vec![0; IMAGES], vec![0; IMAGES], 10).unwrap();
        let (preprocessing, boundary) = (Preprocessing::default(), Boundary::Block1);
        let (dtype, backend) = (Dtype::F32, Backend::Cpu);
        Key::new(
            &set,
            &[],
            preprocessing,
            boundary,
            dtype,
            backend,
            "test".into(),
        )
    }

    fn image(index: usize) -> Vec<f32> {
        vec![f32::from(u8::try_from(index).unwrap()); MAP[0]]
    }

    #[test]
    fn go_on_where_they_were_and_join_to_the_same_entry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry.safetensors");
        let mut shards = open(&path);
        (0..6).for_each(|index| shards.append(&image(index)).unwrap());
        assert_eq!(shards.images(), 6);
        drop(shards); // As if killed: two images were in no shard yet.
        fs::write(super::folder(&path).join(".graft-killed.tmp"), "half").unwrap();
        let mut shards = open(&path);
        assert_eq!(shards.images(), 4);
        (4..IMAGES).for_each(|index| shards.append(&image(index)).unwrap());
        shards.finish(&path).unwrap();
        let features = Features::open(&path, &key()).unwrap();
        for index in 0..IMAGES {
            assert_eq!(features.rows(&[index])[..3], image(index)[..3]);
        }
        assert!(!super::folder(&path).exists());
    }

    #[test]
    fn every_damage_is_found_and_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry.safetensors");
        let mut shards = open(&path);
        (0..8).for_each(|index| shards.append(&image(index)).unwrap());
        let [first, second] = [0, 1].map(|number| shards.finished[number].clone());
        for (shard, whole) in [(&second, 4), (&first, 0)] {
            let good = fs::read(shard).unwrap();
            for damage in Damage::sample(good.len()) {
                place(shard, &damage.of(&good));
                assert_eq!(open(&path).images(), whole, "{damage:?} went unnoticed");
            }
        }
        // Nor is it joined where it is damaged later than that.
        shards.append(&image(8)).unwrap();
        let error = shards.finish(&path).unwrap_err().to_string();
        assert!(error.contains(&first.display().to_string()), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_number_is_named_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry.safetensors");
        for dtype in [Dtype::F32, Dtype::F16] {
            for value in [f32::NAN, f32::NEG_INFINITY] {
                let mut key = key();
                key.dtype = dtype;
                let mut shards = Shards::open(&path, &key, MAP);
                shards.append(&image(0)).unwrap();
                let mut two = [image(1), image(2)].concat();
                two[MAP[0]] = value;
                let error = shards.append(&two).unwrap_err().to_string();
                assert!(
                    error.contains(&format!("image 2 (counted from 0) hold {value}")),
                    "{error}"
                );
                assert_eq!(shards.images(), 1);
            }
        }
    }
}
