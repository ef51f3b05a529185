//! The one question that the rest of Graft asks: see to it that these files are there, and right.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lock::Lock;
use crate::progress::Progress;
use crate::sources::Sources;
use crate::verify::{Found, verify};
use crate::{Asset, Error, Group, Manifest, Options, WrongFile, local};

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
        return Err(Error::NoFolder {
            path: path.to_owned(),
        });
    }
    let assets: Vec<&Asset> = manifest.assets(groups).collect();
    let missing = missing(&assets, folder)?;
    if missing.is_empty() {
        let provided = assets
            .iter()
            .map(|asset| provided(asset, folder, Origin::Present));
        return Ok(provided.collect());
    }
    if options.offline && options.from.is_none() {
        return Err(Error::Offline {
            folder: folder.to_owned(),
            files: missing,
        });
    }
    fetch_missing(&assets, folder, options)
}

/// Which assets are not there. Deletes those that are wrong, and fails then.
fn missing(assets: &[&Asset], folder: &Path) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    let mut wrong = Vec::new();
    for asset in assets {
        let path = asset.path(folder);
        match verify(asset, &path)? {
            Found::Right => {}
            Found::Nothing => missing.push(asset.file.clone()),
            Found::Wrong(mismatch) => {
                let kept = delete_wrong(asset, folder, &path).err();
                wrong.push(WrongFile {
                    path,
                    mismatch,
                    kept,
                });
            }
        }
    }
    if wrong.is_empty() {
        Ok(missing)
    } else {
        Err(Error::Corrupted { files: wrong })
    }
}

/// Deletes a wrong file; not the right one that another process may have put there meanwhile.
fn delete_wrong(asset: &Asset, folder: &Path, path: &Path) -> Result<(), graft_durable::Error> {
    let _lock = Lock::take(folder)?;
    if let Found::Wrong(_) = verify(asset, path)? {
        fs::remove_file(path).map_err(graft_durable::Error::on("delete", path))?;
    }
    Ok(())
}

/// Fetches what is missing, one process at a time.
fn fetch_missing(
    assets: &[&Asset],
    folder: &Path,
    options: &Options,
) -> Result<Vec<Provided>, Error> {
    let _lock = Lock::take(folder)?;
    let mut sources = Sources::new(options);
    let mut all = Vec::new();
    let mut missing = Vec::new();
    for asset in assets {
        let path = asset.path(folder);
        // Whoever held the lock before may have fetched it.
        let origin = if verify(asset, &path)? == Found::Right {
            Origin::Present
        } else if let Some(own) = options.from.and_then(|from| local::find(from, asset)) {
            let mut progress = Progress::of_bytes(&asset.file, asset.bytes, options.progress);
            local::copy(&own, asset, &path, &mut progress)?;
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
        Err(Error::Offline {
            folder: folder.to_owned(),
            files: missing,
        })
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
