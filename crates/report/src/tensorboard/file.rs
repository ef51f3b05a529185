//! An event file that a running TensorBoard can watch grow.

use std::path::Path;

use graft_durable::{Appending, Error};
use jiff::Timestamp;

use super::Events;
use crate::record::Epoch;

/// An event file of a run under way.
pub struct EventFile {
    file: Appending,
    events: Events,
    written: usize,
}

impl EventFile {
    /// Makes a new event file in `folder` for a run that began at `started` by `recipe`.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written.
    pub fn create(folder: &Path, started: Timestamp, recipe: &str) -> Result<Self, Error> {
        let mut events = Events::training(started);
        events.text(started, "recipe", recipe);
        let mut file = Self {
            file: Appending::create(&folder.join(events.name()))?,
            events,
            written: 0,
        };
        file.flush()?;
        Ok(file)
    }

    /// Appends an epoch, and learning rates with the numbers of their steps.
    ///
    /// # Errors
    /// When writing fails.
    pub fn epoch(
        &mut self,
        epoch: &Epoch,
        rates: impl IntoIterator<Item = (usize, f64)>,
    ) -> Result<(), Error> {
        let now = Timestamp::now();
        self.events.epoch(now, epoch);
        self.events.rates(now, rates);
        self.flush()
    }

    /// Brings the file to the disk and returns its content.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(&self) -> Result<&Events, Error> {
        self.file.sync()?;
        Ok(&self.events)
    }

    /// Hands what is new to the operating system, where other programs see it.
    fn flush(&mut self) -> Result<(), Error> {
        let new = &self.events.bytes()[self.written..];
        self.file.append(new)?;
        self.written = self.events.bytes().len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Scores;
    use std::collections::BTreeMap;
    use std::fs;

    #[test]
    fn every_epoch_is_there_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = EventFile::create(folder.path(), Timestamp::UNIX_EPOCH, "a = 1").unwrap();
        let path = folder.path().join(file.events.name());
        let length = || fs::metadata(&path).unwrap().len();
        let mut epoch = Epoch {
            epoch: 1,
            train: Scores {
                loss: 1.0,
                accuracy: 0.5,
            },
            validation: None,
            steps: Some(10),
            learning_rate: Some(0.001),
            seconds: 1.0,
            gradient_norms: BTreeMap::new(),
        };
        let begun = length();
        file.epoch(&epoch, []).unwrap();
        let first = length();
        epoch.epoch = 2;
        file.epoch(&epoch, []).unwrap();
        assert!(begun < first && first < length());
        assert_eq!(file.finish().unwrap().bytes(), fs::read(&path).unwrap());
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let create = || EventFile::create(folder.path(), Timestamp::UNIX_EPOCH, "");
        create().unwrap();
        let error = create().err().unwrap().to_string();
        assert!(error.contains("events.out.tfevents.0.graft"), "{error}");
    }
}
