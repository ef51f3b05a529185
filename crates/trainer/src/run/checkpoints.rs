//! A run's checkpoints: the last two and the best, each hashed in a manifest that is written after it.
//! Older ones go when the new one is safe.

use std::fs;
use std::path::{Path, PathBuf};

use graft_durable::sha256;
use graft_report::record::Epoch;
use serde::{Deserialize, Serialize};

use super::{RunError, sealed};
use crate::Error;
use crate::fit::{Resumed, State};

/// The folder, in the run's.
pub(super) const FOLDER: &str = "checkpoints";
/// The manifest, in that folder.
const MANIFEST: &str = "manifest.json";
/// The version of the manifest's layout.
const FORMAT: u32 = 1;
/// How many of the newest are kept.
const KEPT: usize = 2;

/// The checkpoints of a run.
#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
    listed: Listed,
}

/// The manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Listed {
    format: u32,
    /// The newest, the newest first.
    last: Vec<Entry>,
    /// The one after the epoch with the lowest validation loss.
    best: Option<Entry>,
}

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    name: String,
    /// Finished epochs.
    epochs: usize,
    sha256: String,
}

impl Checkpoints {
    /// None yet, for the run in `run`.
    pub(super) fn none(run: &Path) -> Self {
        Self {
            folder: run.join(FOLDER),
            listed: Listed {
                format: FORMAT,
                last: Vec::new(),
                best: None,
            },
        }
    }

    /// Those of the run in `run`.
    ///
    /// # Errors
    /// When the manifest is damaged or of another version.
    pub(super) fn open(run: &Path) -> Result<Self, RunError> {
        let none = Self::none(run);
        let path = none.folder.join(MANIFEST);
        if !path.exists() {
            return Ok(none);
        }
        let text = fs::read(&path).map_err(graft_durable::Error::on("read", &path))?;
        let no = |found: String| RunError::Unfinished {
            path: path.clone(),
            expected: format!("a manifest of checkpoints of format {FORMAT}"),
            found,
            next: "train again".into(),
        };
        let listed: Listed = sealed::from_bytes(&text).map_err(no)?;
        if listed.format != FORMAT {
            return Err(no(format!("format {}", listed.format)));
        }
        Ok(Self { listed, ..none })
    }

    /// Saves `state`.
    ///
    /// # Errors
    /// When a weight is no finite number, or writing fails.
    pub(super) fn save(&mut self, state: &State) -> Result<(), Error> {
        let (epochs, steps) = (state.epochs(), state.steps());
        let name = format!("epoch-{:03}-step-{steps:06}", epochs.len());
        let bytes = state.to_bytes()?;
        graft_durable::write(&self.path(&name), &bytes)?;
        let entry = Entry {
            name,
            epochs: epochs.len(),
            sha256: sha256(&bytes),
        };
        if steps == 0 && is_best(epochs) {
            self.listed.best = Some(entry.clone());
        }
        self.listed.last.retain(|other| other.name != entry.name);
        self.listed.last.insert(0, entry);
        self.listed.last.truncate(KEPT);
        let manifest = sealed::to_bytes(&self.listed)?;
        graft_durable::write(&self.folder.join(MANIFEST), &manifest)?;
        self.prune();
        Ok(())
    }

    /// The checkpoint called `name`, or the newest; none where there are none.
    ///
    /// # Errors
    /// When it is missing or not as it was written, naming the one before it where that is whole.
    pub(super) fn load(&self, name: Option<&str>) -> Result<Option<Resumed>, RunError> {
        let entry = match name {
            None => self.listed.last.first(),
            Some(name) => Some(self.find(name)?),
        };
        let read = |entry| self.read(entry, self.instead_of(entry));
        entry.map(read).transpose()
    }

    /// The checkpoint of the best epoch, if that is among the first `epochs`: a later one comes again.
    ///
    /// # Errors
    /// When it is missing or not as it was written.
    pub(super) fn best(&self, epochs: usize) -> Result<Option<Resumed>, RunError> {
        let best = self.listed.best.as_ref();
        let best = best.filter(|entry| entry.epochs <= epochs);
        let read = |entry| self.read(entry, TRAIN_AGAIN.into());
        best.map(read).transpose()
    }

    fn find(&self, name: &str) -> Result<&Entry, RunError> {
        let entries = || self.listed.last.iter().chain(&self.listed.best);
        let found = entries().find(|entry| entry.name == name);
        found.ok_or_else(|| RunError::Unfinished {
            path: self.folder.clone(),
            expected: format!("a checkpoint `{name}`"),
            found: entries()
                .map(|entry| entry.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            next: "choose one of these".into(),
        })
    }

    fn read(&self, entry: &Entry, next: String) -> Result<Resumed, RunError> {
        let expected = format!("sha256 {}", entry.sha256);
        let no = |expected, found| RunError::Unfinished {
            path: self.path(&entry.name),
            expected,
            found,
            next,
        };
        match fs::read(self.path(&entry.name)) {
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
            let bytes = fs::read(self.path(&entry.name));
            entry.name < damaged.name && bytes.is_ok_and(|bytes| sha256(&bytes) == entry.sha256)
        };
        match self.listed.last.iter().chain(&self.listed.best).find(whole) {
            Some(entry) => format!(
                "an earlier one is whole: resume with --checkpoint {}",
                entry.name
            ),
            None => TRAIN_AGAIN.into(),
        }
    }

    /// Deletes checkpoints that are no longer listed. What cannot be deleted stays.
    fn prune(&self) {
        let listed = |name: &str| {
            let mut all = self.listed.last.iter().chain(&self.listed.best);
            all.any(|entry| entry.name == name)
        };
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if path.extension().is_some_and(|end| end == EXTENSION) && !listed(&name) {
                drop(fs::remove_file(&path));
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }
}

const EXTENSION: &str = "safetensors";

/// What to do where no checkpoint is left.
const TRAIN_AGAIN: &str = "train again";

/// Whether the last epoch has the lowest validation loss of all, or nothing is held out.
fn is_best(epochs: &[Epoch]) -> bool {
    let loss = |epoch: &Epoch| epoch.validation.map(|scores| scores.loss);
    match epochs.split_last() {
        None => false,
        Some((last, before)) => match loss(last) {
            None => true,
            Some(last) => before.iter().filter_map(loss).all(|loss| last < loss),
        },
    }
}
