//! A run that is being written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Appending, Error as FileError, Lock};
use graft_report::record::{
    Epoch, HEAD, MANIFEST, METRICS, METRICS_CSV, Manifest, Predictions, RECIPE, SAMPLES, START,
    Samples, Sums, epochs_to_csv,
};
use graft_report::tensorboard::{EventFile, Events};
use jiff::Timestamp;
use serde::Serialize;

use super::checkpoints::Checkpoints;
use super::{LOCK, Run, Start, Unfinished, lock, sealed, unbegun};
use crate::Error;
use crate::fit::State;
use graft_environment::interrupt;
use graft_recipe::Recipe;

/// A run that is under way.
pub struct Started {
    folder: PathBuf,
    _lock: Lock,
    sums: Sums,
    metrics: Appending,
    events: EventFile,
    lines: String,
    epochs: Vec<Epoch>,
    checkpoints: Checkpoints,
    /// Steps from one checkpoint to the next within an epoch; 0 for none.
    every: usize,
}

impl Started {
    /// Makes a new folder `TIME-RECIPE` in `runs`, the time being the start in UTC, and writes the
    /// recipe and what the run starts with into it.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be written.
    pub fn create(runs: &Path, start: &Start, recipe: &Recipe) -> Result<Self, Error> {
        // One at a time, so that nobody takes a folder for abandoned before its maker has locked it.
        let making = Lock::take(&runs.join(LOCK))?;
        unbegun::delete_all(runs);
        let time = start.started.strftime("%Y-%m-%dT%H-%M-%S");
        let folder = new_folder(runs, &format!("{time}-{}", start.recipe))?;
        let locked = lock(&folder);
        drop(making);
        let filled = || {
            let lock = locked?;
            graft_durable::write(&folder.join(RECIPE), recipe.to_toml()?.as_bytes())?;
            let checkpoints = Checkpoints::create(&folder)?;
            // From here on it can be gone on with.
            graft_durable::write(&folder.join(START), &sealed::to_bytes(start)?)?;
            Self::begin(&folder, lock, checkpoints, start.started, recipe, &[])
        };
        filled().inspect_err(|_| {
            // Nothing of the user's is in it yet.
            let events = Events::training(start.started);
            for file in [events.name(), METRICS, START] {
                drop(fs::remove_file(folder.join(file)));
            }
            unbegun::delete(&folder);
        })
    }

    /// Goes on with `unfinished`, whose finished epochs are `epochs`, if what there is `now` is what
    /// it started with.
    ///
    /// # Errors
    /// When it is not, or writing fails.
    pub fn resume(unfinished: Unfinished, now: &Start, epochs: &[Epoch]) -> Result<Self, Error> {
        unfinished.start().check(now, &unfinished.folder)?;
        let (started, recipe) = (unfinished.start().started, unfinished.recipe().clone());
        let Unfinished {
            folder,
            lock,
            checkpoints,
            ..
        } = unfinished;
        for file in [Events::training(started).name(), METRICS] {
            let path = folder.join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::on("delete", &path)(error).into());
                }
                _ => {}
            }
        }
        Self::begin(&folder, lock, checkpoints, started, &recipe, epochs)
    }

    /// Makes the files for metrics and events, with `epochs` and none else.
    fn begin(
        folder: &Path,
        lock: Lock,
        checkpoints: Checkpoints,
        started: Timestamp,
        recipe: &Recipe,
        epochs: &[Epoch],
    ) -> Result<Self, Error> {
        let path = folder.join(RECIPE);
        let recipe_text = fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
        let mut sums = Sums::default();
        sums.add(RECIPE, recipe_text.as_bytes());
        let mut begun = Self {
            metrics: Appending::create(&folder.join(METRICS))?,
            events: EventFile::create(folder, started, &recipe_text)?,
            folder: folder.to_owned(),
            _lock: lock,
            sums,
            lines: String::new(),
            epochs: Vec::new(),
            checkpoints,
            every: recipe.training.checkpoint_steps,
        };
        epochs.iter().try_for_each(|epoch| begun.tell(epoch))?;
        Ok(begun)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Saves a checkpoint after a step, where the recipe or a signal asks for one.
    ///
    /// # Errors
    /// [`Error::Interrupted`] after a signal, or when writing fails.
    pub fn step(&mut self, state: &State) -> Result<(), Error> {
        let signal = interrupt::requested();
        let due = self.every > 0 && state.steps().is_multiple_of(self.every);
        if signal.is_some() || due {
            self.checkpoints.save(state)?;
        }
        self.stop_on(signal)
    }

    /// Appends an epoch to the metrics and saves a checkpoint.
    ///
    /// # Errors
    /// [`Error::Interrupted`] after a signal, or when writing fails.
    pub fn epoch(&mut self, epoch: &Epoch, state: &State) -> Result<(), Error> {
        self.tell(epoch)?;
        self.checkpoints.save(state)?;
        self.stop_on(interrupt::requested())
    }

    fn tell(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let line = compact(epoch)? + "\n";
        self.metrics.append(line.as_bytes())?;
        self.lines.push_str(&line);
        self.epochs.push(*epoch);
        Ok(self.events.epoch(epoch)?)
    }

    fn stop_on(&self, signal: Option<u8>) -> Result<(), Error> {
        match signal {
            None => Ok(()),
            Some(signal) => Err(Error::Interrupted {
                signal,
                run: self.folder.clone(),
            }),
        }
    }

    /// Writes what the kept head makes of a split as the file `name`.
    ///
    /// # Errors
    /// When writing fails.
    pub fn predictions(&mut self, name: &str, predictions: &Predictions) -> Result<(), Error> {
        self.add(name, predictions.to_csv().as_bytes())
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
        self.metrics.sync()?;
        self.sums.add(METRICS, self.lines.as_bytes());
        let events = self.events.finish()?;
        self.sums.add(events.name(), events.bytes());
        let start = self.folder.join(START);
        let start = fs::read(&start).map_err(FileError::on("read", &start))?;
        self.sums.add(START, &start);
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
fn new_folder(runs: &Path, name: &str) -> Result<PathBuf, FileError> {
    let mut number = 1;
    loop {
        let folder = runs.join(if number == 1 {
            name.to_owned()
        } else {
            format!("{name}-{number}")
        });
        match graft_durable::create_new_folder(&folder) {
            Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => number += 1,
            created => return created.map(|()| folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_in_one_second_have_a_folder_each() {
        let runs = tempfile::tempdir().unwrap();
        let first = new_folder(runs.path(), "time-seed").unwrap();
        let second = new_folder(runs.path(), "time-seed").unwrap();
        assert_ne!(first, second);
        assert!(second.ends_with("time-seed-2"), "{}", second.display());
    }
}
