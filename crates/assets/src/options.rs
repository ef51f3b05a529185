//! What a caller may choose: the network or not, a folder of its own, and how long to wait.

use std::path::Path;
use std::time::Duration;

/// How [`ensure`](crate::ensure()) goes about its work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Use nothing but the folder itself and `from`.
    pub offline: bool,
    /// A folder of the user's that is looked into first: each file by its name, plain or `.gz`.
    pub from: Option<&'a Path>,
    /// Show a progress bar where standard error is a terminal; elsewhere plain lines are logged.
    pub progress: bool,
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
