//! The cache folder: what is in it, and emptying it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use graft_durable::{Error as FileError, Lock};

use crate::key::{is_entry, lock};
use crate::manifest::Manifest;
use crate::{Error, Key};

/// Something in the cache.
#[derive(Debug)]
pub struct Listed {
    /// The folder of the entry.
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
    /// An entry whose computation is under way or was stopped.
    Partial,
    /// An entry that is damaged or of another version, and of no use.
    Useless,
}

/// All entries by name, complete or not. Files that are none of ours are passed over.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn list(cache: &Path) -> Result<Vec<Listed>, Error> {
    let entries = match fs::read_dir(cache) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FileError::on("read folder", cache))?,
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut listed: Vec<_> = paths.filter(|path| is_entry(path)).map(look).collect();
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listed)
}

/// Deletes all entries but those that are being computed, and nothing else; returns what was deleted.
///
/// # Errors
/// When something cannot be deleted.
pub fn clear(cache: &Path) -> Result<Vec<Listed>, Error> {
    let mut deleted = Vec::new();
    for listed in list(cache)? {
        if delete(&listed.path)? {
            deleted.push(listed);
        } else {
            tracing::warn!("{} is being computed, and stays", listed.path.display());
        }
    }
    Ok(deleted)
}

/// Deletes what was unused for longest until all entries and `bytes` more are within `limit`, and
/// returns what was deleted. Where `bytes` are over the limit by themselves nothing is deleted.
pub(crate) fn shrink(cache: &Path, bytes: u64, limit: u64) -> Result<Vec<PathBuf>, Error> {
    let mut all = list(cache)?;
    all.sort_by_key(|listed| used(&listed.path));
    let mut total = bytes + all.iter().map(|listed| listed.bytes).sum::<u64>();
    let mut deleted = Vec::new();
    for listed in all {
        if total <= limit || bytes > limit {
            break;
        }
        if delete(&listed.path)? {
            total -= listed.bytes;
            deleted.push(listed.path);
        }
    }
    Ok(deleted)
}

/// Deletes an entry; not one that is being computed, and then says so.
fn delete(path: &Path) -> Result<bool, Error> {
    let Some(_lock) = Lock::try_take(&lock(path))? else {
        return Ok(false);
    };
    let deleted = if path.is_dir() {
        // First of all, so that what is left where this is interrupted is not taken for complete.
        drop(fs::remove_file(Manifest::path(path)));
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
pub(crate) fn touch(path: &Path) {
    let touched = fs::File::options()
        .write(true)
        .open(Manifest::path(path))
        .and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!("{}: {error}", path.display());
    }
}

/// When an entry was used last, as [`touch`] has noted it.
fn used(path: &Path) -> Option<SystemTime> {
    let noted = fs::metadata(Manifest::path(path)).or_else(|_| fs::metadata(path));
    noted.and_then(|file| file.modified()).ok()
}

/// Looks at the entry at `path`, which earlier versions had in one file.
fn look(path: PathBuf) -> Listed {
    let files = fs::read_dir(&path).into_iter().flatten().flatten();
    let files = files.map(|file| file.path()).chain([path.clone()]);
    let files = files.filter_map(|file| fs::metadata(file).ok());
    Listed {
        bytes: files
            .filter(fs::Metadata::is_file)
            .map(|file| file.len())
            .sum(),
        content: match Manifest::read(&path) {
            Ok(manifest) => Content::Entry(Box::new(manifest.key)),
            Err(Error::Missing(_)) if path.extension().is_none() => Content::Partial,
            Err(_) => Content::Useless,
        },
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{key, write};
    use std::time::Duration;

    fn entry(cache: &Path, pixel: u8) -> (PathBuf, Key) {
        let key = key(pixel);
        let path = key.path(cache);
        write(&path, &key);
        (path, key)
    }

    #[test]
    fn the_longest_unused_entries_make_space() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [3, 1, 2].map(|age| {
            let (path, _) = entry(folder.path(), age);
            let time = SystemTime::now() - Duration::from_secs(3600 * u64::from(age));
            fs::File::options()
                .write(true)
                .open(Manifest::path(&path))
                .unwrap()
                .set_modified(time)
                .unwrap();
            path
        });
        let size = list(folder.path()).unwrap()[0].bytes;
        let deleted = |bytes, limit| shrink(folder.path(), bytes, limit).unwrap();
        assert!(deleted(size, 4 * size).is_empty());
        let expected = [paths[0].clone(), paths[2].clone()];
        assert_eq!(deleted(size, 3 * size - 1), expected);
        assert!(paths[1].exists());
        assert!(deleted(9 * size, size).is_empty());
        entry(folder.path(), 2);
        touch(&paths[1]);
        assert_eq!(deleted(size, 2 * size), [paths[2].clone()]);
        assert_eq!(deleted(size, size), [paths[1].clone()]);
    }

    #[test]
    fn lists_and_clears_entries_that_nobody_computes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(&folder.path().join("missing")).unwrap().is_empty());
        let (path, key) = entry(folder.path(), 0);
        let (partial, _) = entry(folder.path(), 1);
        fs::remove_file(Manifest::path(&partial)).unwrap();
        let (damaged, _) = entry(folder.path(), 2);
        fs::write(Manifest::path(&damaged), "?").unwrap();
        // Of earlier versions.
        let file = path.with_extension("safetensors");
        fs::write(&file, "header and values").unwrap();
        let shards = path.with_extension("shards");
        fs::create_dir(&shards).unwrap();
        fs::write(shards.join("000000-hash"), [0; 7]).unwrap();
        fs::write(folder.path().join("notes.safetensors"), "mine").unwrap();
        let mut expected = [
            (&file, 17, Content::Useless),
            (&shards, 7, Content::Useless),
            (&damaged, 72 + 1, Content::Useless),
            (&partial, 72, Content::Partial),
            (&path, bytes(&path), Content::Entry(Box::new(key))),
        ];
        expected.sort_by_key(|(path, ..)| *path);
        let listed = list(folder.path()).unwrap();
        let found = listed.iter().map(|one| (&one.path, one.bytes, &one.content));
        let wanted = expected.iter().map(|(path, size, content)| (*path, *size, content));
        assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
        let computing = Lock::take(&lock(&partial)).unwrap();
        assert_eq!(clear(folder.path()).unwrap().len(), 4);
        assert!(partial.exists() && !path.exists() && !file.exists());
        drop(computing);
        assert_eq!(clear(folder.path()).unwrap()[0].path, partial);
        assert!(list(folder.path()).unwrap().is_empty());
        assert!(folder.path().join("notes.safetensors").exists());
    }

    fn bytes(path: &Path) -> u64 {
        72 + fs::metadata(Manifest::path(path)).unwrap().len()
    }
}
