//! Files that are whole or absent, and the SHA-256 that says which file it is.
//!
//! Whatever must not be torn (assets, weights, caches, heads, manifests) is written through [`Pending`]:
//! into a temporary file beside the destination, flushed to the disk, then renamed over it. A
//! reader sees the old file or the new one and never half of either; a crash or a full disk leaves
//! the old one. A file that grows, such as a log, is an [`Appending`]; large ones are read as [`Maps`].
//!
//! Tests make any of these operations fail by the environment variable `GRAFT_FAULT`, such as
//! `fsync:3:EIO`: the third flush of the process answers so. `docs/reliability.md` has its grammar.

mod appending;
mod disk;
mod fault;
mod hash;
mod lock;
mod maps;
mod pending;
mod sweep;

pub use appending::Appending;
pub use disk::{create_folder, create_new_folder};
pub use hash::{Hashing, sha256, sha256_file};
pub use lock::Lock;
pub use maps::Maps;
pub use pending::{Pending, check_writable, nearest, write, write_unnamed};
pub use sweep::sweep;

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that failed, with the file it failed on.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}{}", path.display(), next_step(action, source))]
pub struct Error {
    /// What was tried, as a verb: `"create"`, `"write"`, `"rename"`, ...
    pub action: &'static str,
    /// The file or folder it was tried on.
    pub path: PathBuf,
    /// What the operating system answered.
    pub source: io::Error,
}

impl Error {
    /// Wraps an [`io::Error`] for use with `map_err`.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// The folder a file lies in; a bare file name lies in the current one.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The actions that write nothing.
const READS: [&str; 4] = ["open", "read", "map", "read folder"];

/// The advice that goes with an answer of the operating system, or nothing.
fn next_step(action: &str, error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or set GRAFT_HOME to a folder on a larger disk"
        }
        io::ErrorKind::PermissionDenied if READS.contains(&action) => "; make it readable",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable, or set GRAFT_HOME to one that is"
        }
        _ => "",
    }
}
