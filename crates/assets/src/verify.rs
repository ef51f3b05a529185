//! Is the file there, and is it the pinned one? Its size answers at once, its hash for certain.

use std::fs;
use std::io;
use std::path::Path;

use graft_durable::sha256_file;

use crate::{Asset, Mismatch};

/// What lies where an asset should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    Right,
    Wrong(Mismatch),
}

/// Looks at the file under `path`.
pub(crate) fn verify(asset: &Asset, path: &Path) -> Result<Found, graft_durable::Error> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(graft_durable::Error::on("look at", path)(error)),
    };
    if !metadata.is_file() {
        let error = io::Error::other("expected a file, found something else; move it away");
        return Err(graft_durable::Error::on("use", path)(error));
    }
    if metadata.len() != asset.bytes {
        return Ok(Found::Wrong(Mismatch::Size {
            expected: asset.bytes,
            found: metadata.len(),
        }));
    }
    let found = sha256_file(path)?;
    if found == asset.sha256 {
        Ok(Found::Right)
    } else {
        Ok(Found::Wrong(Mismatch::Hash {
            expected: asset.sha256.clone(),
            found,
        }))
    }
}
