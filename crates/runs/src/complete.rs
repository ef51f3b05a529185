//! A run that is complete.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use graft_report::record::{Manifest, RECIPE, RecordError, Sums, read_manifest};

use crate::{RunError, lock, sweep};
use graft_recipe::Recipe;

/// A complete run.
#[derive(Debug, Clone)]
pub struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) sums: Sums,
}

impl Run {
    /// Opens the run called `name`, a folder in `runs` or a path, or the newest complete one.
    ///
    /// # Errors
    /// When there is no such run, or it is not complete.
    pub fn open(runs: &Path, name: Option<&Path>) -> Result<Self, RunError> {
        let Some(name) = name else {
            return newest(runs).ok_or_else(|| RunError::None(runs.to_owned()));
        };
        Self::at(find(runs, name)?)
    }

    /// The complete runs in the folder `runs`, by name, which begins with the time of the start: the newest is
    /// last. A damaged one is passed over, with a warning.
    #[must_use]
    pub fn complete(runs: &Path) -> Vec<Self> {
        let folders = fs::read_dir(runs).into_iter().flatten().flatten();
        let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        let open = |folder| match Self::at(folder) {
            Ok(run) => Some(run),
            Err(RunError::Record(RecordError::Incomplete { .. })) => None,
            Err(error) => {
                tracing::warn!("passed over: {error}");
                None
            }
        };
        folders.into_iter().filter_map(open).collect()
    }

    /// Whether `folder` is a run's, complete or not.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join(RECIPE).is_file()
    }

    /// Opens the run in `folder`.
    fn at(folder: PathBuf) -> Result<Self, RunError> {
        let sums = Sums::read(&folder)?;
        let manifest = read_manifest(&folder, &sums)?;
        sweep(&folder);
        Ok(Self {
            folder,
            manifest,
            sums,
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The record.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The recipe that it was trained by.
    ///
    /// # Errors
    /// When the file is missing or not the one that was written.
    pub fn recipe(&self) -> Result<Recipe, RunError> {
        let path = self.folder.join(RECIPE);
        let bytes = self.file(RECIPE)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(Recipe::recorded(&path.display().to_string(), &text, &[])?)
    }

    /// Whether the record has a file of that name: not all that later versions write is in earlier runs.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.sums.has(name)
    }

    /// A file of the record, as it was written.
    ///
    /// # Errors
    /// When the file is missing or not the one that was written.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, RunError> {
        Ok(self.sums.open(&self.folder, name)?)
    }

    /// Adds an evaluation on the test images to the record, or replaces it: `files` by name.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn add(&mut self, files: &[(&str, Vec<u8>)]) -> Result<(), RunError> {
        let _lock = lock(&self.folder)?;
        self.sums = Sums::read(&self.folder)?;
        // Without the files that are replaced the record is whole at every moment.
        for (name, _) in files {
            self.sums.remove(name);
        }
        self.sums.write(&self.folder)?;
        for (name, content) in files {
            graft_durable::write(&self.folder.join(name), content)?;
            self.sums.add(name, content);
        }
        self.sums.write(&self.folder)?;
        Ok(())
    }

    /// Refuses a backbone that is not the one that the head was trained on.
    ///
    /// # Errors
    /// When the hashes of the weights files differ.
    pub fn check_weights(&self, found: &[String]) -> Result<(), RunError> {
        let expected = &self.manifest.backbone.files;
        if expected == found {
            return Ok(());
        }
        let short = |hashes: &[String]| {
            hashes
                .iter()
                .map(|hash| hash.chars().take(8).collect())
                .collect::<Vec<String>>()
                .join(" ")
        };
        let (expected, found) = (short(expected), short(found));
        Err(RunError::OtherWeights {
            run: self.folder.clone(),
            expected,
            found,
        })
    }
}

/// The folder of the run called `name`, a folder in `runs` or a path.
pub(crate) fn find(runs: &Path, name: &Path) -> Result<PathBuf, RunError> {
    let folders = [runs.join(name), name.to_owned()];
    let is_run =
        |folder: &PathBuf| folder.is_dir() && folder != runs && !name.as_os_str().is_empty();
    let found = folders
        .into_iter()
        .find(is_run)
        .or_else(|| begins_with(runs, name));
    found.ok_or_else(|| RunError::Unknown {
        name: name.to_owned(),
        runs: runs.to_owned(),
        newest: newest(runs).map(|run| run.folder.display().to_string()),
    })
}

/// The only run whose name begins with `name`.
fn begins_with(runs: &Path, name: &Path) -> Option<PathBuf> {
    let name = name.to_str().filter(|name| !name.is_empty())?;
    let folders = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path());
    let mut found = folders.filter(|folder| {
        let full = folder.file_name().unwrap_or_default().to_string_lossy();
        full.starts_with(name) && folder.is_dir()
    });
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// The complete run that started last.
fn newest(runs: &Path) -> Option<Run> {
    Run::complete(runs)
        .into_iter()
        .max_by_key(|run| run.manifest.started)
        .inspect(|run| {
            if let Some(warning) = from_future(&run.folder, run.manifest.started, Timestamp::now())
            {
                tracing::warn!("{warning}");
            }
        })
}

/// What to say of a run that is taken for the newest because its clock was wrong, or this one is.
fn from_future(folder: &Path, started: Timestamp, now: Timestamp) -> Option<String> {
    (started > now).then(|| {
        format!(
            "run {} is dated in the future, {started}, and counts as the newest until then: set this \
             computer's clock, or name the run that you mean",
            folder.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_from_the_future_is_warned_of() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (run, now) = (Path::new("runs/late"), time("2026-05-01T00:00:00Z"));
        assert_eq!(from_future(run, now, now), None);
        let warning = from_future(run, time("2031-01-01T00:00:00Z"), now).unwrap();
        assert!(
            warning.contains("runs/late") && warning.contains("2031-01-01"),
            "{warning}"
        );
    }

    #[test]
    fn refusals() {
        let runs = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            Run::open(runs.path(), Some(Path::new(name)))
                .unwrap_err()
                .to_string()
        };
        assert!(
            open("missing").contains("no run `missing`"),
            "{}",
            open("missing")
        );
        fs::create_dir(runs.path().join("begun")).unwrap();
        assert!(
            open("begun").contains("not a complete run"),
            "{}",
            open("begun")
        );
    }
}
