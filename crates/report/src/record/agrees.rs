//! Whether the files of a record agree with each other: a record may be made up, hashes and all.

use super::sums::next;
use super::{
    EVALUATION, METRICS, MISTAKES, Prepared, Record, RecordError, SAMPLES, TEST_PREDICTIONS,
    TRAIN_PREDICTIONS, VALIDATION_PREDICTIONS,
};

/// The largest difference between a recorded figure and the one that the predictions give.
const TOLERANCE: f64 = 1e-9;

impl Record {
    /// Refuses a record that contradicts itself.
    pub(super) fn agrees(&self) -> Result<(), RecordError> {
        let no = |name: &str, expected: String, found: String| {
            Err(RecordError::Damaged {
                path: self.folder.join(name),
                expected,
                found,
                next: next(name),
            })
        };
        let numbered = self
            .epochs
            .iter()
            .zip(1..)
            .all(|(epoch, n)| epoch.epoch == n);
        let kept = self.manifest.kept_epoch;
        if !numbered || !(1..=self.epochs.len()).contains(&kept) {
            let found = format!("{} lines", self.epochs.len());
            return no(
                METRICS,
                format!("a line for every epoch up to {kept} or more"),
                found,
            );
        }
        let mistakes = self.test.iter().flat_map(|test| &test.mistakes);
        for (name, picture) in self
            .samples
            .digits
            .iter()
            .map(|digit| (SAMPLES, digit))
            .chain(mistakes.map(|mistake| (MISTAKES, mistake)))
        {
            if !picture.is_whole() {
                let (rows, columns) = (picture.rows, picture.columns);
                let expected = format!("{rows}x{columns} pixels");
                return no(name, expected, picture.pixels.len().to_string());
            }
        }
        if !self.samples.prepared.is_whole() {
            let Prepared { rows, columns, .. } = self.samples.prepared;
            let expected = format!("channels of {rows}x{columns} pixels");
            return no(SAMPLES, expected, "another number of them".into());
        }
        let classes = self.manifest.data.classes;
        for (name, predictions) in [
            (TRAIN_PREDICTIONS, Some(&self.train)),
            (VALIDATION_PREDICTIONS, self.validation.as_ref()),
            (
                TEST_PREDICTIONS,
                self.test.as_ref().map(|test| &test.predictions),
            ),
        ] {
            let found = predictions.map_or(classes, |predictions| predictions.classes);
            if found != classes {
                return no(name, format!("{classes} classes"), found.to_string());
            }
        }
        let held_out = self.validation.as_ref().map_or(0, |split| split.rows.len());
        for (name, expected, found) in [
            (
                TRAIN_PREDICTIONS,
                self.manifest.trained_on,
                self.train.rows.len(),
            ),
            (VALIDATION_PREDICTIONS, self.manifest.validated_on, held_out),
        ] {
            if expected != found {
                return no(name, format!("{expected} images"), format!("{found}"));
            }
        }
        let Some(test) = &self.test else {
            return Ok(());
        };
        let recorded = &test.evaluated.evaluation;
        let computed = match test.predictions.evaluate() {
            Ok(computed) => computed,
            Err(error) => return no(TEST_PREDICTIONS, "predictions".into(), error.to_string()),
        };
        let close = (recorded.loss - computed.loss).abs() <= TOLERANCE;
        if recorded.confusion != computed.confusion || !close {
            let expected = format!(
                "{} of {} right, as {TEST_PREDICTIONS} has it",
                computed.correct, computed.n
            );
            return no(
                EVALUATION,
                expected,
                format!("{} of {}", recorded.correct, recorded.n),
            );
        }
        Ok(())
    }
}
