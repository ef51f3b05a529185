//! A run that is being written.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use graft_durable::Error as FileError;
use graft_report::record::{
    Epoch, HEAD, MANIFEST, METRICS, METRICS_CSV, Manifest, Predictions, RECIPE, SAMPLES, Samples,
    Sums, epochs_to_csv,
};
use graft_report::tensorboard::{EventFile, Events};
use jiff::Timestamp;
use serde::Serialize;

use super::Run;
use crate::Error;
use crate::recipe::Recipe;

/// A run that is under way.
pub struct Started {
    folder: PathBuf,
    sums: Sums,
    metrics: File,
    lines: String,
    epochs: Vec<Epoch>,
    events: EventFile,
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
        fs::create_dir_all(runs).map_err(FileError::on("create folder", runs))?;
        let time = started.strftime("%Y-%m-%dT%H-%M-%S");
        let folder = new_folder(runs, &format!("{time}-{recipe_name}"))?;
        let recipe = recipe.to_toml()?;
        let filled = || -> Result<_, FileError> {
            graft_durable::write(&folder.join(RECIPE), recipe.as_bytes())?;
            let path = folder.join(METRICS);
            let file = OpenOptions::new().create_new(true).append(true).open(&path);
            let metrics = file.map_err(FileError::on("create", &path))?;
            let events = EventFile::create(&folder, started, &recipe)?;
            Ok((metrics, events))
        };
        let (metrics, events) = match filled() {
            Ok(files) => files,
            Err(error) => {
                // Nothing of the user's is in it yet; a folder that is not empty stays.
                for name in [RECIPE, METRICS, Events::training(started).name()] {
                    drop(fs::remove_file(folder.join(name)));
                }
                drop(fs::remove_dir(&folder));
                return Err(Error::File(error));
            }
        };
        let mut sums = Sums::default();
        sums.add(RECIPE, recipe.as_bytes());
        Ok(Self {
            folder,
            sums,
            metrics,
            lines: String::new(),
            epochs: Vec::new(),
            events,
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends an epoch to the metrics and to TensorBoard's events.
    ///
    /// # Errors
    /// When writing fails.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let line = compact(epoch)? + "\n";
        let path = self.folder.join(METRICS);
        self.metrics
            .write_all(line.as_bytes())
            .map_err(FileError::on("write", &path))?;
        self.lines.push_str(&line);
        self.epochs.push(*epoch);
        self.events.epoch(epoch)?;
        Ok(())
    }

    /// Writes what the head of epoch `kept` makes of `split` as the file `name`, and shows
    /// TensorBoard the confusion matrix.
    ///
    /// # Errors
    /// When writing fails.
    pub fn predictions(
        &mut self,
        split: &str,
        name: &str,
        kept: usize,
        predictions: &Predictions,
    ) -> Result<(), Error> {
        self.add(name, predictions.to_csv().as_bytes())?;
        let confusion = predictions.evaluate()?.confusion;
        Ok(self.events.confusion(split, kept, &confusion)?)
    }

    /// Saves samples and head, then the manifest, and last the hashes of all files, which make the
    /// run complete.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(
        mut self,
        head: &[u8],
        samples: &Samples,
        manifest: Manifest,
    ) -> Result<Run, Error> {
        let metrics = self.folder.join(METRICS);
        self.metrics
            .sync_all()
            .map_err(FileError::on("write", &metrics))?;
        self.sums.add(METRICS, self.lines.as_bytes());
        let events = self.events.finish()?;
        self.sums.add(events.name(), events.bytes());
        self.add(METRICS_CSV, epochs_to_csv(&self.epochs).as_bytes())?;
        self.add(SAMPLES, &indented(samples)?)?;
        self.add(HEAD, head)?;
        self.add(MANIFEST, &indented(&manifest)?)?;
        self.sums.write(&self.folder)?;
        Ok(Run {
            folder: self.folder,
            manifest,
            sums: self.sums,
        })
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        graft_durable::write(&self.folder.join(name), content)?;
        self.sums.add(name, content);
        Ok(())
    }
}

fn compact(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Output(error.to_string()))
}

/// `value` as indented JSON, with a line end.
pub(crate) fn indented(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.to_string()))?;
    text.push('\n');
    Ok(text.into_bytes())
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
