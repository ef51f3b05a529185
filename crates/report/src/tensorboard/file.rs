//! An event file that a running TensorBoard can watch grow.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use graft_durable::Error;
use jiff::Timestamp;

use super::Events;
use crate::Confusion;
use crate::record::Epoch;

/// An event file of a run under way.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
    events: Events,
    written: usize,
}

impl EventFile {
    /// Writes the event file of a run in `folder` that began at `started` by `recipe`, up to and
    /// with `epochs`: none, or those that a resumed run finished earlier.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(
        folder: &Path,
        started: Timestamp,
        recipe: &str,
        epochs: &[Epoch],
    ) -> Result<Self, Error> {
        let mut events = Events::training(started);
        events.text(started, "recipe", recipe);
        let mut seconds = 0.0;
        for epoch in epochs {
            // When exactly, nobody knows any more.
            seconds += epoch.seconds;
            let at = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            events.epoch(started.saturating_add(at).unwrap_or(started), epoch);
        }
        let path = folder.join(events.name());
        graft_durable::write(&path, events.bytes())?;
        let file = OpenOptions::new().append(true).open(&path);
        Ok(Self {
            file: file.map_err(Error::on("open", &path))?,
            path,
            written: events.bytes().len(),
            events,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an epoch.
    ///
    /// # Errors
    /// When writing fails.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        self.events.epoch(Timestamp::now(), epoch);
        self.flush()
    }

    /// Appends the confusion matrix over the images of `split`, after epoch `step`.
    ///
    /// # Errors
    /// When writing fails.
    pub fn confusion(
        &mut self,
        split: &str,
        step: usize,
        confusion: &Confusion,
    ) -> Result<(), Error> {
        self.events
            .confusion(Timestamp::now(), split, step, confusion);
        self.flush()
    }

    /// Brings the file to the disk and returns its content.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<Events, Error> {
        let written = self.file.sync_all();
        written.map_err(Error::on("write", &self.path))?;
        Ok(self.events)
    }

    /// Hands what is new to the operating system, where other programs see it.
    fn flush(&mut self) -> Result<(), Error> {
        let new = &self.events.bytes()[self.written..];
        let written = self.file.write_all(new);
        written.map_err(Error::on("write", &self.path))?;
        self.written = self.events.bytes().len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Scores;
    use std::fs;

    fn epoch(epoch: usize) -> Epoch {
        let train = Scores {
            loss: 1.0,
            accuracy: 0.5,
        };
        Epoch {
            epoch,
            train,
            validation: None,
            seconds: 1.5,
        }
    }

    #[test]
    fn every_epoch_is_there_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut file =
            EventFile::begin(folder.path(), Timestamp::UNIX_EPOCH, "a = 1", &[]).unwrap();
        let path = file.path().to_owned();
        let length = || fs::metadata(&path).unwrap().len();
        let begun = length();
        file.epoch(&epoch(1)).unwrap();
        let first = length();
        file.epoch(&epoch(2)).unwrap();
        assert!(begun < first && first < length());
        file.confusion("validation", 2, &Confusion::new(2)).unwrap();
        assert_eq!(file.sync().unwrap().bytes(), fs::read(&path).unwrap());
    }

    #[test]
    fn a_resumed_run_keeps_the_epochs_that_it_kept() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |epochs: &[Epoch]| {
            EventFile::begin(folder.path(), Timestamp::UNIX_EPOCH, "", epochs).unwrap()
        };
        let mut file = begin(&[]);
        for number in 1..4 {
            file.epoch(&epoch(number)).unwrap();
        }
        let whole = fs::metadata(file.path()).unwrap().len();
        let mut file = begin(&[epoch(1), epoch(2)]);
        assert!(fs::metadata(file.path()).unwrap().len() < whole);
        file.epoch(&epoch(3)).unwrap();
        assert_eq!(fs::metadata(file.path()).unwrap().len(), whole);
        assert_eq!(file.sync().unwrap().bytes(), fs::read(file.path()).unwrap());
    }
}
