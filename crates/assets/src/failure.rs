//! Why one source failed, so that the next is tried; or the disk did, so that none is.

use std::time::Duration;

use crate::error::lines;

/// How content differs from what the manifest pins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The number of bytes differs.
    #[error("expected {expected} bytes, found {found}")]
    Size {
        /// The pinned number of bytes.
        expected: u64,
        /// The number of bytes that are there.
        found: u64,
    },
    /// There are more bytes than there should be; nobody counted how many.
    #[error("expected {expected} bytes, found more")]
    TooLong {
        /// The pinned number of bytes.
        expected: u64,
    },
    /// The hash differs.
    #[error("expected sha256 {expected}, found {found}")]
    Hash {
        /// The pinned hash.
        expected: String,
        /// The hash of what is there.
        found: String,
    },
}

/// Why one source did not provide a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection, or none that answers.
    #[error("{reason}")]
    Unreachable {
        /// What the network answered.
        reason: String,
    },
    /// Another file was asked of the same host a moment ago, in vain.
    #[error("not tried again: the host did not answer for another file")]
    UnreachableBefore,
    /// The server answers, but not with the file.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// Nothing came for too long, or too little.
    #[error("gave up waiting for data after {:.1} s", after.as_secs_f64())]
    Stalled {
        /// How long nothing came.
        after: Duration,
    },
    /// The data broke off or cannot be unpacked.
    #[error("the data broke off or cannot be unpacked: {reason}")]
    Broken {
        /// What reading it answered.
        reason: String,
    },
    /// What came is not the pinned file.
    #[error("{mismatch}{}", starting_with(start.as_deref()))]
    Wrong {
        /// How it differs.
        mismatch: Mismatch,
        /// How it begins, where that is text.
        start: Option<String>,
    },
    /// The package client is not there.
    #[error("{0} is not installed")]
    NotInstalled(&'static str),
    /// The package client ran and failed.
    #[error("`{command}` failed with {status}:{}", lines(last_lines))]
    Client {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// The package client did not finish.
    #[error("`{command}` did not finish within {:.0} s", after.as_secs_f64())]
    ClientTimeout {
        /// What was run.
        command: String,
        /// How long it was given.
        after: Duration,
    },
    /// The package is not the archive that it should be.
    #[error("the package cannot be used: {reason}")]
    Package {
        /// What is wrong with it.
        reason: String,
    },
}

/// A source failed, and the next may do; or the disk did, and none can.
#[derive(Debug)]
pub(crate) enum Trouble {
    Source(Failure),
    Disk(graft_durable::Error),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Source(failure)
    }
}

impl From<graft_durable::Error> for Trouble {
    fn from(error: graft_durable::Error) -> Self {
        Self::Disk(error)
    }
}

fn starting_with(start: Option<&str>) -> String {
    start.map_or_else(String::new, |start| {
        format!("; what came starts with {start:?}")
    })
}
