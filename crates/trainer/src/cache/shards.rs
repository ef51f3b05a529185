//! Features on their way into an entry: finished shards lie beside it, so that a computation that is
//! stopped goes on where it was.
//!
//! A shard holds encoded features of consecutive images, and its name their SHA-256. The folder of
//! an entry's shards is named like the entry, so shards of another key are never taken for them.

use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use graft_durable::{Error as FileError, Lock};

use super::{CacheError, Key, Writer, key};

/// About how many bytes a shard has.
const SHARD: usize = 16 << 20;

/// The features of an entry that are there so far.
pub struct Shards {
    folder: PathBuf,
    key: Key,
    /// `[channels, height, width]`
    map: [usize; 3],
    finished: Vec<PathBuf>,
    /// Encoded features that are in no shard yet.
    buffer: Vec<u8>,
}

impl Shards {
    /// Opens the shards of the entry at `path`, those that are there and whole.
    #[must_use]
    pub fn open(path: &Path, key: &Key, map: [usize; 3]) -> Self {
        let folder = folder(path);
        let mut shards = Self {
            folder,
            key: key.clone(),
            map,
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
        self.finished.len() * self.images_a_shard() + self.buffer.len() / self.row()
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
    /// When a value is too large for the type, or writing fails, as on a full disk.
    pub fn append(&mut self, values: &[f32]) -> Result<(), CacheError> {
        let bytes = self.key.dtype.encode(values);
        let bytes = bytes.map_err(|value| CacheError::TooLarge { value })?;
        self.buffer.extend_from_slice(&bytes);
        let shard = self.images_a_shard() * self.row();
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
    /// When there are not as many features as the key says, or a file cannot be read or written.
    pub fn finish(self, path: &Path) -> Result<(), CacheError> {
        let mut writer = Writer::create(path, &self.key, self.map)?;
        for shard in &self.finished {
            writer.append_encoded(&fs::read(shard).map_err(FileError::on("read", shard))?)?;
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

    fn images_a_shard(&self) -> usize {
        (SHARD / self.row()).max(1)
    }

    /// The shards from the first on, up to one that is missing or not what its name says.
    fn whole(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let bytes = self.images_a_shard() * self.row();
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

/// Deletes the shards of computations that were stopped; not those of one under way.
///
/// # Errors
/// When a folder cannot be deleted.
pub(super) fn clear(cache: &Path) -> Result<(), FileError> {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == EXTENSION) {
            let Some(_lock) = Lock::try_take(&key::lock(&path))? else {
                tracing::warn!("{} is being computed, and stays", path.display());
                continue;
            };
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::on("delete", &path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::cache::{Dtype, Features};
    use graft_backbone::Boundary;
    use graft_dataset::{ImageSet, Preprocessing};

    /// Nine images of one mebivalue each: four to a shard of 16 MiB.
    const IMAGES: usize = 9;
    const MAP: [usize; 3] = [1 << 20, 1, 1];

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
        let mut shards = Shards::open(&path, &key(), MAP);
        (0..6).for_each(|index| shards.append(&image(index)).unwrap());
        assert_eq!(shards.images(), 6);
        drop(shards); // As if killed: two images were in no shard yet.
        fs::write(super::folder(&path).join(".graft-killed.tmp"), "half").unwrap();
        let mut shards = Shards::open(&path, &key(), MAP);
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
    fn a_damaged_shard_and_those_behind_it_are_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry.safetensors");
        let mut shards = Shards::open(&path, &key(), MAP);
        (0..8).for_each(|index| shards.append(&image(index)).unwrap());
        let first = shards.finished[0].clone();
        let mut bytes = fs::read(&first).unwrap();
        bytes[5] ^= 1;
        fs::write(&first, bytes).unwrap();
        assert_eq!(Shards::open(&path, &key(), MAP).images(), 0);
    }
}
