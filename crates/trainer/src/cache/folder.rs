//! The cache folder: what is in it, and emptying it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::key::is_entry;
use super::{CacheError, Key};

/// Longest header that is looked at: ours are under 2 KiB.
const LONGEST_HEADER: u64 = 1 << 16;

/// An entry of the cache.
#[derive(Debug)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What it was made for; none where it is damaged or of another version, and of no use.
    pub key: Option<Key>,
}

/// All entries, by name. Files that are none of ours are passed over.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn list(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let entries = match fs::read_dir(cache) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(graft_durable::Error::on("read folder", cache))?,
    };
    let paths = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_entry(path));
    let mut listed: Vec<_> = paths.filter_map(look).collect();
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listed)
}

/// Deletes all entries, and nothing that is not one; returns what was deleted.
///
/// # Errors
/// When an entry cannot be deleted.
pub fn clear(cache: &Path) -> Result<Vec<Listed>, CacheError> {
    let listed = list(cache)?;
    for entry in &listed {
        fs::remove_file(&entry.path).map_err(graft_durable::Error::on("delete", &entry.path))?;
    }
    super::shards::clear(cache)?;
    Ok(listed)
}

/// Makes room for an entry of `bytes`: deletes the entries that were unused for longest until all
/// together, the new one included, are within `limit`. Returns what was deleted. For an entry that
/// is over the limit by itself nothing is deleted.
///
/// # Errors
/// When an entry cannot be deleted.
pub(super) fn make_room(cache: &Path, bytes: u64, limit: u64) -> Result<Vec<PathBuf>, CacheError> {
    let mut entries = list(cache)?;
    entries.sort_by_key(|entry| {
        fs::metadata(&entry.path)
            .and_then(|file| file.modified())
            .ok()
    });
    let mut total = bytes + entries.iter().map(|entry| entry.bytes).sum::<u64>();
    let mut deleted = Vec::new();
    for entry in entries {
        if total <= limit || bytes > limit {
            break;
        }
        fs::remove_file(&entry.path).map_err(graft_durable::Error::on("delete", &entry.path))?;
        total -= entry.bytes;
        deleted.push(entry.path);
    }
    Ok(deleted)
}

/// Notes that an entry was used now, where the file system lets us.
pub(crate) fn touch(path: &Path) {
    let touched = fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!("{}: {error}", path.display());
    }
}

/// Looks at a file's size and header; `None` where it has gone meanwhile.
fn look(path: PathBuf) -> Option<Listed> {
    let bytes = fs::metadata(&path).ok()?.len();
    let key = key(&path);
    Some(Listed { path, bytes, key })
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
    use crate::backend::Backend;
    use crate::cache::{Dtype, Writer};
    use graft_backbone::Boundary;
    use graft_dataset::{ImageSet, Preprocessing};
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
    fn lists_and_clears_entries_only() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(&folder.path().join("missing")).unwrap().is_empty());
        let (path, key) = entry(folder.path(), 0);
        // The header of this one is damaged; it is still known by its name, and can be cleared.
        let damaged = path.with_file_name("features-block1-0123456789abcdef.safetensors");
        fs::write(&damaged, "?").unwrap();
        fs::write(folder.path().join("notes.safetensors"), "mine").unwrap();
        let listed = list(folder.path()).unwrap();
        assert_eq!(
            listed
                .iter()
                .map(|entry| (&entry.path, entry.key.as_ref()))
                .collect::<Vec<_>>(),
            [(&damaged, None), (&path, Some(&key))]
        );
        clear(folder.path()).unwrap();
        assert!(!path.exists() && !damaged.exists());
        assert!(folder.path().join("notes.safetensors").exists());
    }
}
