//! The cache folder: what is in it, and emptying it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use graft_durable::{Error as FileError, Lock};
use serde_json::Value;

use super::key::{is_entry, lock};
use super::{CacheError, Key, shards};

/// Longest header that is looked at: ours are under 2 KiB.
const LONGEST_HEADER: u64 = 1 << 16;

/// Something in the cache.
#[derive(Debug)]
pub struct Listed {
    /// The file, or the folder of shards.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What it is.
    pub content: Content,
}

/// What something in the cache is.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// An entry, and what it was made for.
    Entry(Box<Key>),
    /// An entry that is damaged or of another version, and of no use.
    Useless,
    /// Shards of an entry whose computation is under way or was stopped.
    Shards,
}

/// All entries, and the shards of those that are not finished, by name. Files that are none of ours
/// are passed over.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn list(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let entries = match fs::read_dir(cache) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FileError::on("read folder", cache))?,
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut listed: Vec<_> = paths.filter_map(look).collect();
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listed)
}

/// Deletes all entries and the shards of those that are not being computed, and nothing else;
/// returns what was deleted.
///
/// # Errors
/// When something cannot be deleted.
pub fn clear(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let mut deleted = Vec::new();
    for listed in list(cache)? {
        if delete(&listed)? {
            deleted.push(listed);
        } else {
            tracing::warn!("{} is being computed, and stays", listed.path.display());
        }
    }
    Ok(deleted)
}

/// Makes room for an entry of `bytes`: deletes what was unused for longest until all together, the
/// new one included, are within `limit`. Returns what was deleted. For an entry that is over the
/// limit by itself nothing is deleted.
///
/// # Errors
/// When something cannot be deleted.
pub(super) fn make_room(cache: &Path, bytes: u64, limit: u64) -> Result<Vec<PathBuf>, CacheError> {
    let mut all = list(cache)?;
    all.sort_by_key(|listed| {
        fs::metadata(&listed.path)
            .and_then(|file| file.modified())
            .ok()
    });
    let mut total = bytes + all.iter().map(|listed| listed.bytes).sum::<u64>();
    let mut deleted = Vec::new();
    for listed in all {
        if total <= limit || bytes > limit {
            break;
        }
        if delete(&listed)? {
            total -= listed.bytes;
            deleted.push(listed.path);
        }
    }
    Ok(deleted)
}

/// Deletes it; not shards that are being computed, and then says so.
fn delete(listed: &Listed) -> Result<bool, CacheError> {
    let path = &listed.path;
    let deleted = if listed.content == Content::Shards {
        let Some(_lock) = Lock::try_take(&lock(path))? else {
            return Ok(false);
        };
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match deleted {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        deleted => Ok(deleted
            .map(|()| true)
            .map_err(FileError::on("delete", path))?),
    }
}

/// Notes that an entry was used now, where the file system lets us.
pub fn touch(path: &Path) {
    let touched = fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!("{}: {error}", path.display());
    }
}

/// Looks at what lies at `path`; `None` where it is none of ours, or has gone meanwhile.
fn look(path: PathBuf) -> Option<Listed> {
    let (bytes, content) = if path.extension().is_some_and(|end| end == shards::EXTENSION) {
        let files = fs::read_dir(&path).ok()?.flatten();
        let bytes = files.filter_map(|file| Some(file.metadata().ok()?.len()));
        (bytes.sum(), Content::Shards)
    } else if is_entry(&path) {
        let key = key(&path).map(|key| Content::Entry(Box::new(key)));
        (
            fs::metadata(&path).ok()?.len(),
            key.unwrap_or(Content::Useless),
        )
    } else {
        return None;
    };
    Some(Listed {
        path,
        bytes,
        content,
    })
}

/// The key in an entry's header; nothing else is read.
fn key(path: &Path) -> Option<Key> {
    let mut file = fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length).min(LONGEST_HEADER);
    let header: Value = serde_json::from_reader(file.take(length)).ok()?;
    serde_json::from_str(header["__metadata__"]["key"].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;
    use graft_backbone::Boundary;
    use graft_compute::Backend;
    use graft_dataset::{ImageSet, Preprocessing};
    use graft_recipe::Dtype;
    use std::time::Duration;

    fn entry(cache: &Path, pixel: u8) -> (PathBuf, Key) {
        let set = ImageSet::new(1, 1, vec![pixel], vec![0], 10).unwrap();
        let key = Key::new(
            &set,
            &[],
            Preprocessing::default(),
            Boundary::Block1,
            Dtype::F32,
            Backend::Cpu,
            "test".into(),
        );
        let path = key.path(cache);
        let mut writer = Writer::create(&path, &key, [512, 16, 16]).unwrap();
        writer.append(&vec![1.0; 512 * 16 * 16]).unwrap();
        writer.finish().unwrap();
        (path, key)
    }

    #[test]
    fn the_longest_unused_entries_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [3, 1, 2].map(|age| {
            let (path, _) = entry(folder.path(), age);
            let time = SystemTime::now() - Duration::from_secs(3600 * u64::from(age));
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
            path
        });
        let size = fs::metadata(&paths[0]).unwrap().len();
        let room = |bytes, limit| make_room(folder.path(), bytes, limit).unwrap();
        assert!(room(size, 4 * size).is_empty());
        assert_eq!(
            room(size, 3 * size - 1),
            [paths[0].clone(), paths[2].clone()]
        );
        assert!(paths[1].exists());
        assert!(room(9 * size, size).is_empty());
        assert_eq!(room(size, size), [paths[1].clone()]);
    }

    #[test]
    fn lists_and_clears_entries_and_idle_shards_only() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(&folder.path().join("missing")).unwrap().is_empty());
        let (path, key) = entry(folder.path(), 0);
        // The header of this one is damaged; it is still known by its name, and can be cleared.
        let damaged = path.with_file_name("features-block1-0123456789abcdef.safetensors");
        fs::write(&damaged, "?").unwrap();
        fs::write(folder.path().join("notes.safetensors"), "mine").unwrap();
        let shards = path.with_extension(shards::EXTENSION);
        fs::create_dir(&shards).unwrap();
        fs::write(shards.join("000000-hash"), [0; 7]).unwrap();
        let listed = list(folder.path()).unwrap();
        let listed = listed.into_iter().map(|one| (one.path, one.content));
        assert_eq!(
            listed.collect::<Vec<_>>(),
            [
                (damaged.clone(), Content::Useless),
                (path.clone(), Content::Entry(Box::new(key))),
                (shards.clone(), Content::Shards),
            ]
        );
        let computing = Lock::take(&lock(&path)).unwrap();
        assert_eq!(clear(folder.path()).unwrap().len(), 2);
        assert!(!path.exists() && !damaged.exists() && shards.exists());
        drop(computing);
        assert_eq!(clear(folder.path()).unwrap()[0].bytes, 7);
        assert!(!shards.exists());
        assert!(folder.path().join("notes.safetensors").exists());
    }
}
