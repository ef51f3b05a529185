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
    /// A record that is not complete, damaged, or of another version.
    #[error(transparent)]
    Record(#[from] graft_report::record::RecordError),
}
