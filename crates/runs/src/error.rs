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
        "run {} was trained on weights {expected}, found {found}; import those weights again, or train again",
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
    /// Runs whose predictions cannot be averaged.
    #[error(
        "run {} tells other classes apart than {}: expected {expected}, found {found}; name runs that were \
         trained on the same classes",
        run.display(), first.display()
    )]
    OtherClasses {
        /// The run that differs.
        run: PathBuf,
        /// The run that was named first.
        first: PathBuf,
        /// What the first run has.
        expected: String,
        /// What the other has in its place.
        found: String,
    },
    /// A folder in which nothing was saved yet.
    #[error("{} has no checkpoint that this graft knows: it is no run, or was stopped before anything was saved; train again", .0.display())]
    NoCheckpoint(PathBuf),
    /// A run to resume that has ended.
    #[error("{} is complete: there is nothing to resume", .0.display())]
    Complete(PathBuf),
    /// A file of an unfinished run that is not as it was written.
    #[error("{}: expected {expected}, found {found}; {next}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        next: String,
    },
    /// A run that would be resumed with other things than it started with.
    #[error(
        "run {} was started with {what} {then}, found {now}; resume it with what it started with, or train a new run",
        run.display()
    )]
    Changed {
        /// The run.
        run: PathBuf,
        /// What is another.
        what: String,
        /// What it was.
        then: String,
        /// What it is.
        now: String,
    },
    /// The run is being written by another process.
    #[error("run {} is being written by another graft; wait until it is done", .0.display())]
    Busy(PathBuf),
    /// A record that is not complete, damaged, or of another version.
    #[error(transparent)]
    Record(#[from] graft_report::record::RecordError),
    /// The file system refused.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// A recipe that cannot be used.
    #[error(transparent)]
    Recipe(#[from] graft_recipe::RecipeError),
    /// Images that cannot be shown.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// Predictions without figures.
    #[error(transparent)]
    Evaluation(#[from] graft_report::Mismatch),
    /// A file of the record that cannot be put together.
    #[error("cannot write the record: {0}")]
    Json(String),
}
