//! What can be wrong with a sweep.

use std::path::PathBuf;

/// Why a sweep cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// No sweep of that name.
    #[error("no lab `{name}`: expected one of {known}, or the path of a .toml file")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A file that cannot be read.
    #[error("cannot read the sweep {}: {source}; give a lab's name or the path of a .toml file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A sweep that is not TOML, or has a key, a name or a value that no sweep has.
    #[error("{origin}: {reason}")]
    Wrong {
        /// The file.
        origin: String,
        /// What is wrong, and with which part.
        reason: String,
    },
}
