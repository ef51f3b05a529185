//! The cache folder: what is in it, emptying it, and the right and the space to write an entry.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use graft_durable::{Error as FileError, Lock};
use graft_environment::interrupt::go_on;
use graft_environment::output::size;

use crate::key::{self, is_entry, is_pictures};
use crate::manifest::Manifest;
use crate::{Error, Key};

/// What all entries together may take, in bytes (20 GiB): a dozen sets of MNIST's size at block 3.
const LIMIT: u64 = 20 << 30;

/// Between two looks at whether a lock is free.
const WAIT: Duration = Duration::from_millis(50);

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
#[derive(Debug, PartialEq)]
pub enum Content {
    /// An entry, and what it was made for.
    Entry(Box<Key>),
    /// Pictures that were decoded and scaled.
    Pictures,
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

/// Takes the lock of whoever writes the entry at `path`; where that is another process, waits for it.
///
/// # Errors
/// When the lock cannot be made, or a signal asks to stop.
pub fn lock(path: &Path) -> Result<Lock, Error> {
    let path = key::lock(path);
    let mut waits = false;
    loop {
        if let Some(lock) = Lock::try_take(&path)? {
            return Ok(lock);
        }
        if !waits {
            tracing::warn!("another graft computes these features; waiting for it");
            waits = true;
        }
        go_on()?;
        thread::sleep(WAIT);
    }
}

/// Reserves `bytes` for the entry at `path`: deletes the entries unused for longest where that much
/// more would be too much, and refuses where the disk has less.
///
/// # Errors
/// When the disk has less, or an entry cannot be deleted.
pub fn reserve(path: &Path, bytes: u64) -> Result<(), Error> {
    let cache = path.parent().unwrap_or(path);
    shrink(cache, bytes, LIMIT)?;
    match fs4::available_space(cache) {
        Ok(free) if free < bytes => Err(Error::NoSpace {
            cache: cache.to_owned(),
            needed: size(bytes),
            free: size(free),
        }),
        // Where the system does not tell, writing will.
        _ => Ok(()),
    }
}

/// How many bytes the cache's disk has free, where the system tells.
#[must_use]
pub fn free_bytes(cache: &Path) -> u64 {
    fs4::available_space(graft_durable::nearest(cache)).unwrap_or(u64::MAX)
}

/// Whether the cache keeps `bytes` of features together.
#[must_use]
pub fn keeps(bytes: u64) -> bool {
    bytes <= LIMIT
}

/// Warns where so many views of `bytes` each are more than the cache keeps.
pub(crate) fn foresee(views: usize, bytes: u64) {
    if let Some(warning) = surplus(views, bytes, LIMIT) {
        tracing::warn!("{warning}");
    }
}

fn surplus(views: usize, bytes: u64, limit: u64) -> Option<String> {
    let all = bytes.saturating_mul(views as u64);
    (all > limit).then(|| {
        format!(
            "{views} views take {}, and the cache keeps {}: the first are deleted before the last are \
             computed, and the next run computes them anew; take fewer views or images, or \
             backbone.dtype=f16",
            size(all),
            size(limit)
        )
    })
}

/// Deletes the entries unused for longest until all and `bytes` more are within `limit`. Where `bytes`
/// are over the limit by themselves nothing is deleted.
fn shrink(cache: &Path, bytes: u64, limit: u64) -> Result<(), Error> {
    let mut all = list(cache)?;
    all.sort_by_key(|listed| used(&listed.path));
    let mut total = bytes + all.iter().map(|listed| listed.bytes).sum::<u64>();
    for Listed {
        path, bytes: of, ..
    } in all
    {
        if total <= limit || bytes > limit {
            break;
        }
        // What many machines have computed no single one should have to compute again.
        if Manifest::read(&path).is_ok_and(|entry| entry.is_gathered()) {
            continue;
        }
        if delete(&path)? {
            total -= of;
            let path = path.display();
            tracing::warn!("deleted {path}, unused for longest, to keep the cache small");
        }
    }
    Ok(())
}

/// Deletes an entry; not one that is being computed, and then says so.
fn delete(path: &Path) -> Result<bool, Error> {
    let Some(_lock) = Lock::try_take(&key::lock(path))? else {
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
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::on("delete", path)(error).into())
        }
        // Another process may have been faster.
        _ => Ok(true),
    }
}

/// Notes that an entry was used now, where the file system lets us.
pub(crate) fn touch(path: &Path) {
    let manifest = fs::File::options().write(true).open(Manifest::path(path));
    if let Err(error) = manifest.and_then(|file| file.set_modified(SystemTime::now())) {
        tracing::debug!("{}: {error}", path.display());
    }
}

/// When an entry was used last.
fn used(path: &Path) -> Option<SystemTime> {
    let noted = fs::metadata(Manifest::path(path)).or_else(|_| fs::metadata(path));
    noted.and_then(|file| file.modified()).ok()
}

/// Looks at the entry at `path`, which earlier versions had in one file.
fn look(path: PathBuf) -> Listed {
    let files = fs::read_dir(&path).into_iter().flatten().flatten();
    let files = files.map(|file| file.path()).chain([path.clone()]);
    let files = files.filter_map(|file| fs::metadata(file).ok());
    let files = files.filter(fs::Metadata::is_file);
    Listed {
        bytes: files.map(|file| file.len()).sum(),
        content: match Manifest::read(&path) {
            _ if is_pictures(&path) => Content::Pictures,
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
        let left = |bytes, limit| {
            shrink(folder.path(), bytes, limit).unwrap();
            paths.each_ref().map(|path| path.exists())
        };
        assert_eq!(left(size, 4 * size), [true; 3]);
        assert_eq!(left(size, 3 * size - 1), [false, true, false]);
        assert_eq!(left(9 * size, size), [false, true, false]);
        entry(folder.path(), 2);
        touch(&paths[1]);
        assert_eq!(left(size, 2 * size), [false, true, false]);
        assert_eq!(left(size, size), [false; 3]);
    }

    #[test]
    fn views_that_the_cache_cannot_keep_are_told() {
        assert_eq!(surplus(4, 5 << 30, 20 << 30), None);
        let warning = surplus(5, 5 << 30, 20 << 30).unwrap();
        for part in ["5 views take 25.0 GiB", "keeps 20.0 GiB", "fewer views"] {
            assert!(warning.contains(part), "{warning}");
        }
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
        let found = listed
            .iter()
            .map(|one| (&one.path, one.bytes, &one.content));
        let wanted = expected
            .iter()
            .map(|(path, size, content)| (*path, *size, content));
        assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
        let computing = Lock::take(&key::lock(&partial)).unwrap();
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
