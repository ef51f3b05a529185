//! The one question that the rest of Graft asks: see to it that these files are there, and right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use graft_durable::{Error as DiskError, Lock, sha256_file};

use crate::receive::copy;
use crate::sources::Sources;
use crate::{Asset, Error, Group, Manifest, Mismatch};

/// Locked while a process fetches. The file stays: to delete it would open a gap between two that
/// wait for it.
const LOCK: &str = ".fetch.lock";

/// How [`ensure`] goes about its work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Use nothing but the folder itself and `from`.
    pub offline: bool,
    /// A folder of the user's that is looked into first: each file by its name, plain or `.gz`.
    pub from: Option<&'a Path>,
    /// How long to wait for a source before the next one is tried.
    pub timeouts: Timeouts,
}

/// How long a source may keep us waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the name to be resolved, and again for the connection to be made.
    pub connect: Duration,
    /// For the answer to begin, and for every further piece of it.
    pub stall: Duration,
    /// For a package client (`npm`, `pip`) to finish, downloads included.
    pub client: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            stall: Duration::from_secs(8),
            client: Duration::from_mins(15),
        }
    }
}

/// A file that is there, and is the pinned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, just verified.
    pub sha256: String,
    /// How it came to be there.
    pub origin: Origin,
}

/// How a file came to be in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was there already.
    Present,
    /// It was fetched or copied just now, from the source that this names.
    Fetched(String),
}

/// Provides all files of some groups under `folder`, in the manifest's order. Those that are there
/// are verified; those that are missing are fetched, unless [`Options::offline`] forbids it.
///
/// # Errors
/// When a file is not the pinned one (it is deleted then), when files are missing offline, when
/// every source of a file fails, or when the folder cannot be read or written. Whatever happens,
/// there is never a file under its name that is not whole and right.
pub fn ensure(
    manifest: &Manifest,
    groups: &[Group],
    folder: &Path,
    options: &Options,
) -> Result<Vec<Provided>, Error> {
    if let Some(path) = options.from.filter(|from| !from.is_dir()) {
        return Err(Error::NoFolder(path.to_owned()));
    }
    let assets: Vec<&Asset> = manifest.assets(groups).collect();
    let missing = missing(&assets, folder)?;
    if missing.is_empty() {
        let present = |asset: &&Asset| provided(asset, folder, Origin::Present);
        return Ok(assets.iter().map(present).collect());
    }
    if options.offline && options.from.is_none() {
        return Err(offline(folder, missing));
    }
    fetch_missing(&assets, folder, options)
}

/// Which assets are not there. Deletes those that are wrong, and fails then.
fn missing(assets: &[&Asset], folder: &Path) -> Result<Vec<String>, Error> {
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for asset in assets {
        let path = asset.path(folder);
        match verify(asset, &path)? {
            Found::Right => {}
            Found::Nothing => missing.push(asset.file.clone()),
            Found::Wrong(mismatch) => {
                let fate = match delete_wrong(asset, folder, &path) {
                    Ok(()) => "deleted".to_owned(),
                    Err(error) => format!("still there: {error}"),
                };
                wrong.push(format!("{}: {mismatch}; {fate}", path.display()));
            }
        }
    }
    if wrong.is_empty() {
        Ok(missing)
    } else {
        Err(Error::Corrupted(wrong))
    }
}

/// Deletes a wrong file; not the right one that another process may have put there meanwhile.
fn delete_wrong(asset: &Asset, folder: &Path, path: &Path) -> Result<(), DiskError> {
    let _lock = lock(folder)?;
    if let Found::Wrong(_) = verify(asset, path)? {
        fs::remove_file(path).map_err(DiskError::on("delete", path))?;
    }
    Ok(())
}

/// Fetches what is missing, one process at a time.
fn fetch_missing(
    assets: &[&Asset],
    folder: &Path,
    options: &Options,
) -> Result<Vec<Provided>, Error> {
    let _lock = lock(folder)?;
    let mut sources = Sources::new(options);
    let (mut all, mut missing) = (Vec::new(), Vec::new());
    for asset in assets {
        let path = asset.path(folder);
        // Whoever held the lock before may have fetched it.
        let origin = if verify(asset, &path)? == Found::Right {
            Origin::Present
        } else if let Some(own) = options.from.and_then(|from| find(from, asset)) {
            copy(&own, asset, &path)?;
            Origin::Fetched(own.display().to_string())
        } else if options.offline {
            missing.push(asset.file.clone());
            continue;
        } else {
            for abandoned in path.parent().into_iter().flat_map(graft_durable::sweep) {
                tracing::debug!("deleted the abandoned {}", abandoned.display());
            }
            Origin::Fetched(sources.fetch(asset, &path)?)
        };
        all.push(provided(asset, folder, origin));
    }
    if missing.is_empty() {
        Ok(all)
    } else {
        Err(offline(folder, missing))
    }
}

/// The file of the user's that would be taken for `asset`: `DIR/name`, `DIR/folder/name`, or either
/// with `.gz`.
fn find(from: &Path, asset: &Asset) -> Option<PathBuf> {
    let name = asset.file.rsplit('/').next()?;
    [name, &asset.file]
        .into_iter()
        .flat_map(|name| [from.join(name), from.join(format!("{name}.gz"))])
        .find(|path| path.is_file())
}

fn offline(folder: &Path, files: Vec<String>) -> Error {
    Error::Offline {
        folder: folder.to_owned(),
        files,
    }
}

fn provided(asset: &Asset, folder: &Path, origin: Origin) -> Provided {
    Provided {
        path: asset.path(folder),
        bytes: asset.bytes,
        sha256: asset.sha256.clone(),
        origin,
    }
}

/// Makes the folder where it is missing, and waits for others that fetch into it. Where the file
/// system has no locks there is none: files are renamed into place when they are whole, so that even
/// two fetches at once do no harm.
fn lock(folder: &Path) -> Result<Option<Lock>, DiskError> {
    let path = folder.join(LOCK);
    let taken = match Lock::try_take(&path) {
        Ok(None) => {
            tracing::info!("waiting for another fetch into {}", folder.display());
            Lock::take(&path).map(Some)
        }
        taken => taken,
    };
    match taken {
        Err(error) if error.source.kind() == io::ErrorKind::Unsupported => Ok(None),
        taken => taken,
    }
}

/// What lies where an asset should be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Right,
    Wrong(Mismatch),
}

/// Looks at the file under `path`: its size answers at once, its hash for certain.
fn verify(asset: &Asset, path: &Path) -> Result<Found, DiskError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(DiskError::on("look at", path)(error)),
    };
    if !metadata.is_file() {
        let error = io::Error::other("expected a file, found something else; move it away");
        return Err(DiskError::on("use", path)(error));
    }
    let (expected, found) = (asset.bytes, metadata.len());
    if found != expected {
        return Ok(Found::Wrong(Mismatch::Size { expected, found }));
    }
    let (expected, found) = (asset.sha256.clone(), sha256_file(path)?);
    Ok(if found == expected {
        Found::Right
    } else {
        Found::Wrong(Mismatch::Hash { expected, found })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn the_second_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let second = lock(folder.path());
                sender.send(()).unwrap();
                second.unwrap()
            });
            assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err());
            drop(first);
            receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        });
    }
}
