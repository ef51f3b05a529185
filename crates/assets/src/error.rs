//! What the caller is told: a wrong file, a missing one, or every source with the reason it failed.

use std::fmt::{Display, Write};
use std::path::PathBuf;

use crate::{Failure, Mismatch};

/// Why [`ensure`](crate::ensure()) could not provide a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifest itself is wrong.
    #[error("the manifest of assets is wrong: {reason}")]
    Manifest {
        /// Where and why.
        reason: String,
    },
    /// Files that were there are not the pinned ones.
    #[error(
        "not what the manifest pins, and never used:{}\nrun the same command again (without --offline), and it is fetched anew",
        lines(files)
    )]
    Corrupted {
        /// Each file with what was expected and found.
        files: Vec<WrongFile>,
    },
    /// A file in the user's own folder is not the pinned one; it is left as it is.
    #[error(
        "cannot use {}: {reason}; it is left as it is: replace it, or run the command without --from", path.display()
    )]
    Refused {
        /// The file in the user's folder.
        path: PathBuf,
        /// Why it was refused.
        reason: Failure,
    },
    /// The folder given by the user is not there.
    #[error("{} is not a folder; give --from the folder in which the files lie", path.display())]
    NoFolder {
        /// What the user gave.
        path: PathBuf,
    },
    /// Files are missing, and fetching is forbidden.
    #[error(
        "missing in {}, and --offline forbids fetching:{}\nfetch them once with the network (the verb fetch), or give a folder that holds them: --from DIR",
        folder.display(), lines(files)
    )]
    Offline {
        /// Where the files should be.
        folder: PathBuf,
        /// Which files are missing.
        files: Vec<String>,
    },
    /// Every source failed.
    #[error(
        "cannot fetch {file}; every source failed:{}\ngive a folder that holds it: --from DIR, or put the file at {}", lines(attempts), path.display()
    )]
    NoSource {
        /// The file, as the manifest names it.
        file: String,
        /// Where it should be.
        path: PathBuf,
        /// Every source with the reason why it failed.
        attempts: Vec<Attempt>,
    },
    /// The folder cannot be read or written.
    #[error(transparent)]
    Disk(#[from] graft_durable::Error),
}

/// A file that is not the pinned one.
#[derive(Debug, thiserror::Error)]
#[error("{}: {mismatch}; {}", path.display(), fate(kept.as_ref()))]
pub struct WrongFile {
    /// Which file.
    pub path: PathBuf,
    /// What was expected and found.
    pub mismatch: Mismatch,
    /// Why it could not be deleted; it is gone where this is `None`.
    pub kept: Option<graft_durable::Error>,
}

/// One source that was tried in vain.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {reason}")]
pub struct Attempt {
    /// The source, in words.
    pub source_name: String,
    /// Why it did not provide the file.
    pub reason: Failure,
}

/// One indented line for each item.
pub(crate) fn lines(items: &[impl Display]) -> String {
    items.iter().fold(String::new(), |mut lines, item| {
        // Writing to a string cannot fail.
        let _ = write!(lines, "\n    {item}");
        lines
    })
}

fn fate(kept: Option<&graft_durable::Error>) -> String {
    kept.map_or_else(|| "deleted".into(), |error| format!("still there: {error}"))
}
