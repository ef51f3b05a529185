//! What can be wrong with a run folder.

use std::path::PathBuf;

/// Why a run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No runs at all.
    #[error("no complete run in {}; train one first (the verb train)", .0.display())]
    None(PathBuf),
    /// Not a folder.
    #[error("no run `{}`: expected a folder in {} or the path of one; the newest complete run is {}", name.display(), runs.display(), newest.as_deref().unwrap_or("none"))]
    Unknown {
        /// What was asked for.
        name: PathBuf,
        /// Where runs lie.
        runs: PathBuf,
        /// The run that would have been taken by default.
        newest: Option<String>,
    },
    /// A folder without a manifest.
    #[error("{} is no complete run: it has no manifest.json; give another, or train again if its training did not end", .0.display())]
    Incomplete(PathBuf),
    /// A file of the run that is not as it was written.
    #[error("{}: expected {expected}, found {found}; train again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Weights other than those that the run was trained with.
    #[error(
        "run {} was trained on VGG16 weights {expected}, found {found}; import those weights again, or train again",
        run.display()
    )]
    OtherWeights {
        /// The run.
        run: PathBuf,
        /// The hashes in its manifest.
        expected: String,
        /// The hashes of the weights that are there.
        found: String,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}
