//! What can be wrong with the record of a run.

use std::path::PathBuf;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A folder that no finished training left.
    #[error("{} is not a complete run: {missing} is missing; name another run, or resume this one with `train --resume`", folder.display())]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// The file that makes a run complete.
        missing: &'static str,
    },
    /// A file that the record says is there.
    #[error("{} is missing, though the run's SHA256SUMS lists it; {next}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do.
        next: &'static str,
    },
    /// A file that is not as it was written.
    #[error("{}: expected {expected}, found {found}; {next}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        next: &'static str,
    },
    /// A record in the layout of another version.
    #[error("{}: expected a record of format {expected}, found format {found}, which {}", path.display(), if found > expected { "a newer graft wrote; update graft" } else { "an older graft wrote; train again" })]
    Format {
        /// The file.
        path: PathBuf,
        /// The version that this code reads.
        expected: u32,
        /// The version that is there.
        found: u32,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}
