//! A run whose training did not end, to resume it.

use std::fs;
use std::path::{Path, PathBuf};

use graft_durable::{Error as FileError, Lock, sha256};
use graft_report::record::{LATEST, RECIPE, SUMS};

use crate::{Checkpoint, CheckpointName, RunError, Start, complete, lock, sweep};
use graft_recipe::Recipe;

/// A run that is not complete, and where it is resumed from.
#[derive(Debug)]
pub struct Resumable {
    pub(crate) folder: PathBuf,
    pub(crate) lock: Lock,
    /// The recipe that it is trained by.
    pub recipe: Recipe,
    /// Where it stands.
    pub checkpoint: Checkpoint,
}

impl Resumable {
    /// Opens the run called `name`, a folder in `runs` or a path, at one of its checkpoints.
    /// `overrides` may not change its recipe.
    ///
    /// # Errors
    /// When there is no such run, it is complete, its recipe is not the one it started with, or the
    /// checkpoint is missing or damaged.
    pub fn open(
        runs: &Path,
        name: &Path,
        checkpoint: CheckpointName,
        overrides: &[String],
    ) -> Result<Self, RunError> {
        let folder = complete::find(runs, name)?;
        let has = |name: &str| folder.join(name).is_file();
        if !has(LATEST) && !has(SUMS) {
            return Err(RunError::NoCheckpoint(folder));
        }
        let lock = lock(&folder)?;
        if has(SUMS) {
            return Err(RunError::Complete(folder));
        }
        sweep(&folder);
        let checkpoint = Checkpoint::read(&folder, checkpoint)?;
        let path = folder.join(RECIPE);
        let text = fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
        let (expected, found) = (&checkpoint.start.recipe_sha256, sha256(text.as_bytes()));
        if found != *expected {
            return Err(RunError::Damaged {
                path,
                expected: format!("sha256 {expected}"),
                found: format!("sha256 {found}"),
                next: "put the original file back, or train again".into(),
            });
        }
        let origin = path.display().to_string();
        let recipe = Recipe::recorded(&origin, &text, &[])?;
        let wanted = Recipe::recorded(&origin, &text, overrides)?;
        if let Some((what, then, now)) = recipe.difference(&wanted) {
            let run = folder;
            return Err(RunError::Changed {
                run,
                what,
                then,
                now,
            });
        }
        let (run, Checkpoint { epochs, steps, .. }) = (folder.display(), &checkpoint);
        tracing::info!("{run} is resumed after {epochs} epochs and {steps} steps");
        Ok(Self {
            folder,
            lock,
            recipe,
            checkpoint,
        })
    }

    /// Refuses to resume with other things than the run started with.
    ///
    /// # Errors
    /// [`RunError::Changed`], naming the first that is another.
    pub fn check(&self, now: &Start) -> Result<(), RunError> {
        self.checkpoint.start.check(now, &self.folder)
    }

    /// The state that the checkpoint holds does not fit the run, `why` says.
    #[must_use]
    pub fn unfit(&self, why: String) -> RunError {
        RunError::Damaged {
            path: self.folder.clone(),
            expected: "a checkpoint of this run".into(),
            found: why,
            next: "train again".into(),
        }
    }
}
