//! What can be wrong with a cached file.

use std::path::PathBuf;

/// Why a cached file cannot be used. [`CacheError::Missing`] and [`CacheError::Corrupt`]
/// are mended by computing the features anew.
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
    /// Less room than an entry takes.
    #[error(
        "{}: expected {needed} free for features and their shards, found {free}; free some space, or set GRAFT_HOME to a folder on a larger disk",
        cache.display()
    )]
    NoRoom {
        /// The folder.
        cache: PathBuf,
        /// What is needed.
        needed: String,
        /// What is free.
        free: String,
    },
    /// A feature that is no finite number: nothing of its batch is kept.
    #[error(
        "the features of image {image} (counted from 0) hold {value}; import the VGG16 weights again, or try another device or --engine"
    )]
    NotFinite {
        /// Its place among the images.
        image: usize,
        /// The value.
        value: f32,
    },
    /// A value that the type of the recipe cannot hold.
    #[error(
        "a feature of {value} is too large for f16, which ends at 65504; set backbone.dtype=f32"
    )]
    TooLarge {
        /// The value.
        value: f32,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}

/// Why features cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A cached file that cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The device or its engine failed.
    #[error(transparent)]
    Compute(#[from] graft_compute::Error),
    /// Images that cannot be prepared.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// A signal asked to stop, or output failed.
    #[error(transparent)]
    Environment(#[from] graft_environment::Error),
}
