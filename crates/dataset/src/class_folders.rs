//! A folder with a subfolder of pictures for each class, in `train`, `val` and `test` or without them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::listing::{Found, Part};

/// What systems put beside pictures.
pub(crate) const NOT_OURS: [&str; 3] = ["Thumbs.db", "desktop.ini", "Icon\r"];

/// The classes, and the pictures of all of them. Where the folder has no `train`, all are to train on.
pub(crate) fn read(folder: &Path) -> Result<(BTreeSet<String>, Vec<Found>), Error> {
    let mut parts = Vec::new();
    for path in inside(folder)? {
        if let Some(part) = Part::named(&name(&path)).filter(|_| path.is_dir()) {
            parts.push((path, part));
        }
    }
    if !parts.iter().any(|(_, part)| *part == Part::Train) {
        parts = vec![(folder.to_owned(), Part::Train)];
    }
    let (mut classes, mut found) = (BTreeSet::new(), Vec::new());
    for (folder, part) in parts {
        for path in inside(&folder)?.into_iter().filter(|path| path.is_dir()) {
            let class = name(&path);
            let mut files = Vec::new();
            below(&path, &mut files)?;
            found.extend(files.into_iter().map(|path| Found {
                path,
                class: class.clone(),
                part,
                seen: None,
            }));
            classes.insert(class);
        }
    }
    Ok((classes, found))
}

/// Every file in a folder and those below it.
fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for path in inside(folder)? {
        // A link to a folder could lead back here.
        if path.is_dir() && !path.is_symlink() {
            below(&path, files)?;
        } else if !NOT_OURS.contains(&&*name(&path)) {
            files.push(path);
        }
    }
    Ok(())
}

/// What is in a folder, but for what is hidden.
fn inside(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Open {
        path: folder.to_owned(),
        source,
    };
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(failed)?.collect();
    let paths = entries
        .map_err(failed)?
        .into_iter()
        .map(|entry| entry.path());
    Ok(paths.filter(|path| !name(path).starts_with('.')).collect())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
