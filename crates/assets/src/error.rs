//! What the caller is told: a wrong file, a missing one, or every source with the reason it failed.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

/// Why [`ensure`](crate::ensure()) could not provide a file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The manifest itself is wrong.
    #[error("the manifest of assets is wrong: {0}")]
    Manifest(String),
    /// Files that were there are not the pinned ones.
    #[error(
        "these files are not the ones that the manifest pins, and are never used:{}\nrun the same command again (without --offline) to fetch them anew",
        lines(.0)
    )]
    Corrupted(Vec<String>),
    /// A file in the user's own folder is not the pinned one; it is left as it is.
    #[error(
        "cannot use {}: {reason}; it is left as it is: replace it, or run the command without --from", path.display()
    )]
    Refused { path: PathBuf, reason: Failure },
    /// The folder given by the user is not there.
    #[error("{} is not a folder; give --from the folder that holds the files", .0.display())]
    NoFolder(PathBuf),
    /// Files are missing, and fetching is forbidden.
    #[error(
        "missing in {}, and --offline forbids fetching:{}\nfetch them once with the network (the verb fetch), or give a folder that holds them: --from DIR",
        folder.display(), lines(files)
    )]
    Offline { folder: PathBuf, files: Vec<String> },
    /// Every source failed, each for its reason.
    #[error(
        "cannot fetch {file}; every source failed:{}\ngive a folder that holds it: --from DIR, or put the file at {}",
        lines(attempts.iter().map(|(source, reason)| format!("{source}: {reason}"))), path.display()
    )]
    NoSource {
        file: String,
        path: PathBuf,
        attempts: Vec<(String, Failure)>,
    },
    /// The folder cannot be read or written.
    #[error(transparent)]
    Disk(#[from] graft_durable::Error),
}

/// How content differs from what the manifest pins.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Mismatch {
    /// The number of bytes differs.
    #[error("expected {expected} bytes, found {found}")]
    Size { expected: u64, found: u64 },
    /// There are more bytes than there should be; nobody counted how many.
    #[error("expected {expected} bytes, found more")]
    TooLong { expected: u64 },
    /// The hash differs.
    #[error("expected sha256 {expected}, found {found}")]
    Hash { expected: String, found: String },
}

/// Why one source did not provide a file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Failure {
    /// No connection, or none that answers.
    #[error("{0}")]
    Unreachable(String),
    /// The same host or package failed for another file a moment ago.
    #[error("not tried again: it failed for another file")]
    FailedBefore,
    /// The server answers, but not with the file.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// Nothing came for too long, or too little.
    #[error("gave up waiting for data")]
    Stalled,
    /// The data ended early or cannot be unpacked.
    #[error("the data ended early or cannot be unpacked: {0}")]
    Broken(io::Error),
    /// What came is not the pinned file; how it begins, where that is text.
    #[error("{mismatch}{}", start.as_ref().map_or_else(String::new, |start| format!("; what came starts with {start:?}")))]
    Wrong {
        mismatch: Mismatch,
        start: Option<String>,
    },
    /// The package client is not there, failed, or did not finish.
    #[error("{0}")]
    Client(String),
    /// The package is not the archive that it should be.
    #[error("the package cannot be used: {0}")]
    Package(String),
    /// The disk failed, not the source: no other source is tried.
    #[error(transparent)]
    Disk(#[from] graft_durable::Error),
}

/// One indented line for each item.
pub(crate) fn lines(items: impl IntoIterator<Item = impl Display>) -> String {
    let lines = items.into_iter().map(|item| format!("\n    {item}"));
    lines.collect()
}
