//! A run's checkpoints: the last two and the best, and a list of them that is written after each.
//! Older ones go when the new one is safe.

mod entry;
mod list;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use graft_durable::sha256;

use super::RunError;
use crate::Error;
use crate::fit::{Resumed, State, best};
use entry::Entry;
use list::List;
pub(super) use list::MANIFEST;

/// The folder, in the run's.
pub(super) const FOLDER: &str = "checkpoints";

/// The checkpoints of a run.
#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
    list: List,
}

impl Checkpoints {
    /// None yet, for the run in `run`, and a list that says so.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(run: &Path) -> Result<Self, Error> {
        let (folder, list) = (run.join(FOLDER), List::none());
        list.write(&folder)?;
        Ok(Self { folder, list })
    }

    /// Those of the run in `run`.
    ///
    /// # Errors
    /// When the list of them is of another version, or lost with nothing to make it from.
    pub(super) fn open(run: &Path) -> Result<Self, RunError> {
        let folder = run.join(FOLDER);
        let list = List::read(&folder)?;
        Ok(Self { folder, list })
    }

    /// Saves `state`.
    ///
    /// # Errors
    /// When a weight is no finite number, or writing fails.
    pub(super) fn save(&mut self, state: &State) -> Result<(), Error> {
        let (epochs, steps) = (state.epochs(), state.steps());
        let is_best = steps == 0 && best(epochs) == epochs.last();
        self.add((epochs.len(), steps), is_best, &state.to_bytes()?)
    }

    /// Adds the checkpoint `bytes`, saved after so many epochs and steps.
    fn add(&mut self, at: (usize, usize), is_best: bool, bytes: &[u8]) -> Result<(), Error> {
        let entry = Entry {
            epochs: at.0,
            steps: at.1,
            sha256: sha256(bytes),
        };
        graft_durable::write(&self.path(&entry), bytes)?;
        self.list.add(entry, is_best);
        self.list.write(&self.folder)?;
        self.prune();
        Ok(())
    }

    /// The checkpoint called `name`, or the newest; none where there are none.
    ///
    /// # Errors
    /// When it is missing or not as it was written, naming the one before it where that is whole.
    pub(super) fn load(&self, name: Option<&str>) -> Result<Option<Resumed>, RunError> {
        let entry = match name {
            None => self.list.last.first(),
            Some(name) => Some(self.find(name)?),
        };
        let read = |entry| self.read(entry, self.instead_of(entry));
        entry.map(read).transpose()
    }

    /// The checkpoint of the best of the epochs that `resumed` has; none where it has none, or a
    /// later one is better and comes again.
    ///
    /// # Errors
    /// When it is missing or not as it was written.
    pub(super) fn best(&self, resumed: &Resumed) -> Result<Option<Resumed>, RunError> {
        let epochs = resumed.epochs();
        let Some(best) = best(epochs) else {
            return Ok(None);
        };
        match &self.list.best {
            Some(entry) if entry.epochs > epochs.len() => Ok(None),
            Some(entry) if entry.epochs == best.epoch => {
                self.read(entry, TRAIN_AGAIN.into()).map(Some)
            }
            found => Err(RunError::Unfinished {
                path: self.folder.clone(),
                expected: format!("a checkpoint of epoch {}, the best", best.epoch),
                found: found.as_ref().map_or("none".into(), Entry::name),
                next: TRAIN_AGAIN.into(),
            }),
        }
    }

    fn find(&self, name: &str) -> Result<&Entry, RunError> {
        let found = self.list.entries().find(|entry| entry.is_called(name));
        found.ok_or_else(|| {
            let mut names: Vec<_> = self.list.entries().map(Entry::name).collect();
            names.sort();
            names.dedup();
            RunError::Unfinished {
                path: self.folder.clone(),
                expected: format!("a checkpoint `{name}`"),
                found: if names.is_empty() {
                    "none".into()
                } else {
                    names.join(", ")
                },
                next: "choose one that is there".into(),
            }
        })
    }

    fn read(&self, entry: &Entry, next: String) -> Result<Resumed, RunError> {
        let expected = format!("sha256 {}", entry.sha256);
        let no = |expected, found| RunError::Unfinished {
            path: self.path(entry),
            expected,
            found,
            next,
        };
        match fs::read(self.path(entry)) {
            Err(error) => Err(no(expected, error.to_string())),
            Ok(bytes) if sha256(&bytes) != entry.sha256 => {
                Err(no(expected, format!("sha256 {}", sha256(&bytes))))
            }
            Ok(bytes) => Resumed::read(&bytes).map_err(|error| no("a checkpoint".into(), error)),
        }
    }

    /// What to do about a damaged checkpoint.
    fn instead_of(&self, damaged: &Entry) -> String {
        let whole = |entry: &&Entry| {
            let bytes = fs::read(self.path(entry));
            entry.at() < damaged.at() && bytes.is_ok_and(|bytes| sha256(&bytes) == entry.sha256)
        };
        match self.list.entries().filter(whole).max() {
            Some(entry) => format!(
                "an earlier one is whole: resume with --checkpoint {}",
                entry.name()
            ),
            None => TRAIN_AGAIN.into(),
        }
    }

    /// Deletes checkpoints that are no longer listed. What cannot be deleted stays.
    fn prune(&self) {
        for entry in list::files(&self.folder) {
            if !self.list.entries().any(|listed| *listed == entry) {
                drop(fs::remove_file(self.path(&entry)));
            }
        }
    }

    fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(entry.file())
    }
}

/// What to do where no checkpoint is left.
const TRAIN_AGAIN: &str = "train again";
