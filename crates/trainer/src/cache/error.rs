//! What can be wrong with a cached file.

use std::path::PathBuf;

/// Why a cached file cannot be used. All but [`CacheError::Missing`] and [`CacheError::File`] are
/// mended by computing the features anew.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// There is no such entry.
    #[error("no cached features at {}", .0.display())]
    Missing(PathBuf),
    /// Not what was written.
    #[error("cached features {}: expected {expected}, found {found}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}
