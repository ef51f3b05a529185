//! A folder of the user's: a file there is found by its name, plain or packed, and never touched.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::failure::Trouble;
use crate::progress::Progress;
use crate::receive::{receive, unpacked};
use crate::{Asset, Error};

/// The file that would be taken for `asset`: `DIR/name`, `DIR/folder/name`, or either with `.gz`.
pub(crate) fn find(from: &Path, asset: &Asset) -> Option<PathBuf> {
    let name = asset.file.rsplit('/').next()?;
    [name, &asset.file]
        .into_iter()
        .flat_map(|name| [from.join(name), from.join(format!("{name}.gz"))])
        .find(|path| path.is_file())
}

/// Copies the file `own` of the user's to `path`.
///
/// # Errors
/// When it is not the pinned one: somebody who names a folder means it.
pub(crate) fn copy(
    own: &Path,
    asset: &Asset,
    path: &Path,
    progress: &mut Progress,
) -> Result<(), Error> {
    let file = File::open(own).map_err(graft_durable::Error::on("open", own))?;
    unpacked(BufReader::new(file))
        .map_err(Trouble::Source)
        .and_then(|mut reader| receive(&mut reader, asset, path, progress))
        .map_err(|trouble| match trouble {
            Trouble::Disk(error) => Error::Disk(error),
            Trouble::Source(reason) => Error::Refused {
                path: own.to_owned(),
                reason,
            },
        })
}
