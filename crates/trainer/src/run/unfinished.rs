//! A run whose training did not end, to go on with.

use std::fs;
use std::path::{Path, PathBuf};

use graft_dataset::Holdout;
use graft_durable::{Error as FileError, Lock, sha256};
use graft_report::record::{RECIPE, START, SUMS};

use super::checkpoints::Checkpoints;
use super::{RunError, Start, complete, lock, sweep};
use crate::Error;
use crate::examples::Examples;
use crate::fit::State;
use graft_recipe::{Keep, Recipe};

/// A run that is not complete, and where it is gone on from.
#[derive(Debug)]
pub struct Unfinished {
    pub(super) folder: PathBuf,
    pub(super) checkpoints: Checkpoints,
    pub(super) lock: Lock,
    start: Start,
    recipe: Recipe,
    checkpoint: Option<String>,
}

impl Unfinished {
    /// Opens the run called `name`, a folder in `runs` or a path, to go on from its newest
    /// checkpoint or from `checkpoint`. `overrides` may not change its recipe.
    ///
    /// # Errors
    /// When there is no such run, it is complete, or its recipe is not the one it started with.
    pub fn open(
        runs: &Path,
        name: &Path,
        checkpoint: Option<&str>,
        overrides: &[String],
    ) -> Result<Self, Error> {
        let folder = complete::find(runs, name)?;
        if !folder.join(START).is_file() {
            return Err(RunError::NotBegun(folder).into());
        }
        let lock = lock(&folder)?;
        if folder.join(SUMS).exists() {
            return Err(RunError::Complete(folder).into());
        }
        sweep(&folder);
        let start = Start::read(&folder)?;
        let path = folder.join(RECIPE);
        let text = fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
        let found = sha256(text.as_bytes());
        if found != start.recipe_sha256 {
            return Err(RunError::Unfinished {
                path,
                expected: format!("sha256 {}", start.recipe_sha256),
                found: format!("sha256 {found}"),
                next: "put the original file back, or train again".into(),
            }
            .into());
        }
        let origin = path.display().to_string();
        let recipe = Recipe::parse(&origin, &text, &[])?;
        let wanted = Recipe::parse(&origin, &text, overrides)?;
        if let Some((what, then, now)) = recipe.difference(&wanted) {
            let run = folder;
            return Err(RunError::Changed {
                run,
                what,
                then,
                now,
            }
            .into());
        }
        Ok(Self {
            checkpoints: Checkpoints::open(&folder)?,
            folder,
            lock,
            start,
            recipe,
            checkpoint: checkpoint.map(str::to_owned),
        })
    }

    /// What the run started with.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Its recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Where it stands, if it got as far as a checkpoint, on the device of `examples`.
    ///
    /// # Errors
    /// When a checkpoint is missing or damaged, or does not fit the run.
    pub fn state(&self, examples: &Examples, holdout: &Holdout) -> Result<Option<State>, Error> {
        let (recipe, run) = (&self.recipe, self.folder.display());
        let Some(resumed) = self.checkpoints.load(self.checkpoint.as_deref())? else {
            tracing::info!("{run} goes on from the start: it has no checkpoint yet");
            return Ok(None);
        };
        let (epochs, steps) = (resumed.epochs().len(), resumed.steps());
        tracing::info!("{run} goes on after {epochs} epochs and {steps} steps");
        let unfit = |found| RunError::Unfinished {
            path: self.folder.clone(),
            expected: "a checkpoint of this run".into(),
            found,
            next: "train again".into(),
        };
        let best = match recipe.training.keep {
            Keep::Last => None,
            Keep::Best => self.checkpoints.best(&resumed)?,
        };
        let best = best.and_then(|best| Some((*best.epochs().last()?, best)));
        let (width, device) = (examples.features.width(), examples.device);
        let best = best.map(|(epoch, best)| Ok((epoch, best.head(recipe, width, device)?)));
        let best = best.transpose().map_err(unfit)?;
        let state = resumed.state(recipe, examples, holdout, best);
        Ok(Some(state.map_err(unfit)?))
    }
}
