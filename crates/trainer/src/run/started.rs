//! A run that is being written.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{HEAD, MANIFEST, METRICS, Manifest, RECIPE, Run};
use crate::Error;
use crate::fit::Epoch;
use crate::recipe::Recipe;

/// A run that is under way.
pub struct Started {
    folder: PathBuf,
    metrics: File,
}

impl Started {
    /// Makes a new folder `TIME-RECIPE` in `runs`, the time being the start in UTC, and writes the
    /// recipe into it.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be written.
    pub fn create(
        runs: &Path,
        started: Timestamp,
        recipe_name: &str,
        recipe: &Recipe,
    ) -> Result<Self, Error> {
        fs::create_dir_all(runs).map_err(graft_durable::Error::on("create folder", runs))?;
        let time = started.strftime("%Y-%m-%dT%H-%M-%S");
        let folder = new_folder(runs, &format!("{time}-{recipe_name}"))?;
        let filled = || {
            graft_durable::write(&folder.join(RECIPE), recipe.to_toml()?.as_bytes())?;
            let path = folder.join(METRICS);
            let file = OpenOptions::new().create_new(true).append(true).open(&path);
            Ok(file.map_err(graft_durable::Error::on("create", &path))?)
        };
        match filled() {
            Ok(metrics) => Ok(Self { folder, metrics }),
            Err(error) => {
                // Nothing of the user's is in it yet; a folder that is not empty stays.
                drop((
                    fs::remove_file(folder.join(RECIPE)),
                    fs::remove_dir(&folder),
                ));
                Err(error)
            }
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends an epoch to the metrics.
    ///
    /// # Errors
    /// When writing fails.
    pub fn record(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let line =
            serde_json::to_string(epoch).map_err(|error| Error::Output(error.to_string()))? + "\n";
        let path = self.folder.join(METRICS);
        Ok(self
            .metrics
            .write_all(line.as_bytes())
            .map_err(graft_durable::Error::on("write", &path))?)
    }

    /// Saves the head, then the manifest that makes the run complete.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self, head: &[u8], manifest: Manifest) -> Result<Run, Error> {
        let metrics = self.folder.join(METRICS);
        self.metrics
            .sync_all()
            .map_err(graft_durable::Error::on("write", &metrics))?;
        graft_durable::write(&self.folder.join(HEAD), head)?;
        write_json(&self.folder.join(MANIFEST), &manifest)?;
        Ok(Run {
            folder: self.folder,
            manifest,
        })
    }
}

/// Writes `value` as indented JSON.
pub(crate) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), Error> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.to_string()))?;
    text.push('\n');
    Ok(graft_durable::write(path, text.as_bytes())?)
}

/// Makes a folder that was not there: `name`, or `name-2`, `name-3`, ... where it is taken.
fn new_folder(runs: &Path, name: &str) -> Result<PathBuf, graft_durable::Error> {
    let mut number = 1;
    loop {
        let folder = runs.join(if number == 1 {
            name.to_owned()
        } else {
            format!("{name}-{number}")
        });
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            created => {
                return created
                    .map_err(graft_durable::Error::on("create folder", &folder))
                    .map(|()| folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_run_is_not_complete() {
        let runs = tempfile::tempdir().unwrap();
        let first = Started::create(
            runs.path(),
            Timestamp::UNIX_EPOCH,
            "seed",
            &Recipe::default(),
        )
        .unwrap();
        let second = Started::create(
            runs.path(),
            Timestamp::UNIX_EPOCH,
            "seed",
            &Recipe::default(),
        )
        .unwrap();
        assert_ne!(first.folder(), second.folder());
        let error = Run::open(runs.path(), None).unwrap_err().to_string();
        assert!(
            error.contains("no complete run") && error.contains("train"),
            "{error}"
        );
        let name = first.folder().to_str().unwrap();
        let error = Run::open(runs.path(), Some(Path::new(name)))
            .unwrap_err()
            .to_string();
        assert!(error.contains("is no complete run"), "{error}");
        let text = fs::read_to_string(first.folder().join(RECIPE)).unwrap();
        assert_eq!(Recipe::parse("", &text, &[]).unwrap(), Recipe::default());
    }
}
