//! Why features cannot be had.

use std::path::{Path, PathBuf};

/// Why features cannot be had. [`Error::Missing`] and [`Error::Corrupt`] are mended by computing them
/// anew.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such entry in the cache, or it is not complete.
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
    /// A shard that was gathered, and is damaged or out of reach.
    #[error(
        "the gathered shard {}: expected {expected}, found {found}; make its folder reachable again, extract that shard and gather anew, or clear the cache to compute all features on this machine",
        path.display()
    )]
    Gathered {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Not one shard of an entry.
    #[error("no shards in {}: expected the features of these images by this recipe; graft extract --shard computes them", .0.display())]
    NoShards(PathBuf),
    /// More shards than images.
    #[error("expected 1 to {images} shards, as there are {images} images, found {of}")]
    TooManyShards {
        /// The shards.
        of: usize,
        /// The images.
        images: usize,
    },
    /// Less space than an entry takes.
    #[error(
        "{}: expected {needed} free for features, found {free}; free some space, or set GRAFT_HOME to a folder on a larger disk",
        cache.display()
    )]
    NoSpace {
        /// The folder.
        cache: PathBuf,
        /// What is needed.
        needed: String,
        /// What is free.
        free: String,
    },
    /// A feature that is no finite number: nothing of its batch is kept.
    #[error(
        "the features of image {image} (counted from 0) hold {value}; import the weights again, or try another device or --engine"
    )]
    NotFinite {
        /// Its place among the images.
        image: usize,
        /// The value.
        value: f32,
    },
    /// A value that the type of the recipe cannot hold.
    #[error("a feature of {0} is too large for f16, which ends at 65504; set backbone.dtype=f32")]
    TooLarge(f32),
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// The device or its engine failed.
    #[error(transparent)]
    Compute(#[from] graft_compute::Error),
    /// Images that cannot be prepared.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// A signal asked to stop.
    #[error(transparent)]
    Environment(#[from] graft_environment::Error),
}

impl Error {
    pub(crate) fn corrupt(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}
