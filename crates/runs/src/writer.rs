//! A run that is being written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Appending, Error as FileError, Lock};
use graft_recipe::{Recipe, Training};
use graft_report::record::{
    Epoch, LATEST, MANIFEST, METRICS, METRICS_CSV, Manifest, Predictions, RECIPE, SAMPLES, Samples,
    Sums, epochs_to_csv,
};
use graft_report::tensorboard::{EventFile, Events};
use serde::Serialize;

use crate::{
    Checkpoint, CheckpointName, LOCK, Resumable, Run, RunError, Spent, Start, lock, stale,
};

/// The most learning rates of an epoch that TensorBoard is told.
const POINTS: usize = 50;

/// A run that is under way.
pub struct RunWriter {
    folder: PathBuf,
    _lock: Lock,
    start: Start,
    training: Training,
    sums: Sums,
    metrics: Appending,
    events: EventFile,
    lines: String,
    epochs: Vec<Epoch>,
}

impl RunWriter {
    /// Makes a new folder `TIME-RECIPE` in `runs`, the time being the start in UTC, and writes the
    /// `recipe` and a checkpoint of the first `state` into it.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be written.
    pub fn create(
        runs: &Path,
        start: Start,
        recipe: &str,
        state: Vec<u8>,
    ) -> Result<Self, RunError> {
        // One at a time, so that nobody takes a folder for abandoned before its maker has locked it.
        let making = Lock::take(&runs.join(LOCK))?;
        stale::delete_all(runs);
        let time = start.started.strftime("%Y-%m-%dT%H-%M-%S");
        let folder = new_folder(runs, &format!("{time}-{}", start.recipe))?;
        let locked = lock(&folder);
        drop(making);
        let events = Events::training(start.started).name().to_owned();
        let filled = || {
            let lock = locked?;
            graft_durable::write(&folder.join(RECIPE), recipe.as_bytes())?;
            // From here on it can be resumed.
            let checkpoint = Checkpoint::new((0, 0), Spent::default(), start, state);
            checkpoint.write(&folder, &[CheckpointName::Latest])?;
            Self::begin(folder.clone(), lock, checkpoint.start, &[])
        };
        filled().inspect_err(|_| {
            // Nothing of the user's is in it yet.
            for file in [&*events, METRICS, LATEST] {
                drop(fs::remove_file(folder.join(file)));
            }
            stale::delete(&folder);
        })
    }

    /// Resumes a run whose finished epochs are `epochs`.
    ///
    /// # Errors
    /// When writing fails.
    pub fn resume(run: Resumable, epochs: &[Epoch]) -> Result<Self, RunError> {
        let Resumable {
            folder,
            lock,
            checkpoint: Checkpoint { start, .. },
            ..
        } = run;
        for file in [Events::training(start.started).name(), METRICS] {
            let path = folder.join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::on("delete", &path)(error).into());
                }
                _ => {}
            }
        }
        Self::begin(folder, lock, start, epochs)
    }

    /// Makes the files for metrics and events, with `epochs` and none else.
    fn begin(
        folder: PathBuf,
        lock: Lock,
        start: Start,
        epochs: &[Epoch],
    ) -> Result<Self, RunError> {
        let path = folder.join(RECIPE);
        let recipe = fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
        let mut sums = Sums::default();
        sums.add(RECIPE, recipe.as_bytes());
        let mut begun = Self {
            metrics: Appending::create(&folder.join(METRICS))?,
            events: EventFile::create(&folder, start.started, &recipe)?,
            folder,
            _lock: lock,
            training: Recipe::recorded(&path.display().to_string(), &recipe, &[])?.training,
            start,
            sums,
            lines: String::new(),
            epochs: Vec::new(),
        };
        epochs.iter().try_for_each(|epoch| begun.epoch(epoch))?;
        Ok(begun)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the run started with.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Saves a checkpoint of `state`, after so many epochs and steps, as the latest, and as the best
    /// where it is. In this order: the best is never one that the latest does not know yet.
    ///
    /// # Errors
    /// When writing fails.
    pub fn save(
        &self,
        at: (usize, usize),
        is_best: bool,
        spent: Spent,
        state: Vec<u8>,
    ) -> Result<(), RunError> {
        let checkpoint = Checkpoint::new(at, spent, self.start.clone(), state);
        let names = [CheckpointName::Latest, CheckpointName::Best];
        checkpoint.write(&self.folder, &names[..=usize::from(is_best)])
    }

    /// Appends an epoch to the metrics.
    ///
    /// # Errors
    /// When writing fails.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), RunError> {
        let line = serde_json::to_string(epoch);
        let line = line.map_err(|error| RunError::Json(error.to_string()))? + "\n";
        self.metrics.append(line.as_bytes())?;
        self.lines.push_str(&line);
        self.epochs.push(epoch.clone());
        Ok(self.events.epoch(epoch, rates(&self.training, epoch))?)
    }

    /// Writes what the kept module makes of a split as the file `name`.
    ///
    /// # Errors
    /// When writing fails.
    pub fn predictions(&mut self, name: &str, predictions: &Predictions) -> Result<(), RunError> {
        self.add(name, predictions.to_csv().as_bytes())
    }

    /// Saves samples and the files of the trained module, then the manifest, and last the hashes of all files, which make the
    /// run complete.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(
        mut self,
        module: &[(String, Vec<u8>)],
        samples: &Samples,
        manifest: Manifest,
    ) -> Result<Run, RunError> {
        self.metrics.sync()?;
        self.sums.add(METRICS, self.lines.as_bytes());
        let events = self.events.finish()?;
        self.sums.add(events.name(), events.bytes());
        self.add(METRICS_CSV, epochs_to_csv(&self.epochs).as_bytes())?;
        self.add(SAMPLES, &indented(samples)?)?;
        for (name, bytes) in module {
            self.add(name, bytes)?;
        }
        self.add(MANIFEST, &indented(&manifest)?)?;
        self.sums.write(&self.folder)?;
        Ok(Run {
            folder: self.folder,
            manifest,
            sums: self.sums,
        })
    }

    /// Adds a file to the record.
    ///
    /// # Errors
    /// When writing fails.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), RunError> {
        graft_durable::write(&self.folder.join(name), content)?;
        self.sums.add(name, content);
        Ok(())
    }
}

/// Learning rates of an epoch at up to [`POINTS`] steps, each with the number of its step.
fn rates(training: &Training, epoch: &Epoch) -> impl Iterator<Item = (usize, f64)> {
    let end = epoch.steps.unwrap_or_default();
    let batches = end / epoch.epoch.max(1);
    let (points, all) = (batches.min(POINTS), batches * training.epochs);
    (1..=points).map(move |point| {
        let step = end - batches + point * batches / points;
        (step, training.rate(step, all))
    })
}

/// `value` as indented JSON, with a line end.
///
/// # Errors
/// When it is nothing that JSON has.
pub fn indented(value: &impl Serialize) -> Result<Vec<u8>, RunError> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| RunError::Json(error.to_string()))?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// Makes a folder that was not there: `name`, or `name-2`, `name-3`, ... where it is taken.
///
/// # Errors
/// When it cannot be made.
pub fn new_folder(runs: &Path, name: &str) -> Result<PathBuf, FileError> {
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
    fn rates_are_those_of_steps_up_to_the_epoch_s_last() {
        let mut training = Recipe::default().training;
        (training.warmup, training.epochs) = (0.5, 4);
        let epoch = |steps| {
            let scores = r#""train": {"loss": 1.0, "accuracy": 0.5}, "validation": null"#;
            let text = format!("{{\"epoch\": 2, {scores}, {steps} \"seconds\": 1.0}}");
            serde_json::from_str::<Epoch>(&text).unwrap()
        };
        let found: Vec<_> = rates(&training, &epoch("\"steps\": 6,")).collect();
        let expected = [(4, 4.0 / 6.0), (5, 5.0 / 6.0), (6, 1.0)];
        for ((step, rate), (at, share)) in found.iter().zip(expected) {
            assert!(
                *step == at && (rate - 0.001 * share).abs() < 1e-9,
                "{found:?}"
            );
        }
        assert_eq!(found.len(), 3);
        let many: Vec<_> = rates(&training, &epoch("\"steps\": 2000,")).collect();
        assert_eq!((many.len(), many[0].0, many[49].0), (50, 1020, 2000));
        assert_eq!(rates(&training, &epoch("")).count(), 0);
    }

    #[test]
    fn two_runs_in_one_second_have_a_folder_each() {
        let runs = tempfile::tempdir().unwrap();
        let first = new_folder(runs.path(), "time-seed").unwrap();
        let second = new_folder(runs.path(), "time-seed").unwrap();
        assert_ne!(first, second);
        assert!(second.ends_with("time-seed-2"), "{}", second.display());
    }
}
