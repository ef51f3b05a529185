//! Whether the files of a record agree with each other: a record may be made up, hashes and all.

use super::sums::next;
use super::{
    EVALUATION, MANIFEST, METRICS, MISTAKES, Prepared, Record, RecordError, SAMPLES, Scores,
    TEST_PREDICTIONS, TRAIN_PREDICTIONS, VALIDATION_PREDICTIONS,
};

impl Record {
    /// Refuses a record that contradicts itself.
    pub(super) fn agrees(&self) -> Result<(), RecordError> {
        let no = |name: &str, expected, found| Err(self.contradicts(name, expected, found));
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
        let all = self.scores();
        if let Some((name, scores)) = all.iter().find(|(_, scores)| !scores.are_possible()) {
            let expected = "an accuracy from 0 to 1 and a finite loss".to_owned();
            let Scores { loss, accuracy } = scores;
            return no(name, expected, format!("{accuracy} and {loss}"));
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
        self.figures_agree()
    }

    /// What is wrong where the file `name` has something else than other files say.
    pub(super) fn contradicts(&self, name: &str, expected: String, found: String) -> RecordError {
        RecordError::Damaged {
            path: self.folder.join(name),
            expected,
            found,
            next: next(name),
        }
    }

    /// All scores, and the files that they are in.
    fn scores(&self) -> Vec<(&'static str, Scores)> {
        let epochs = self
            .epochs
            .iter()
            .map(|epoch| (METRICS, epoch.train, epoch.validation));
        let manifest = (MANIFEST, self.manifest.train, self.manifest.validation);
        let both = epochs.chain([manifest]);
        let both = both.flat_map(|(name, train, other)| [(name, Some(train)), (name, other)]);
        let tests = self.test.iter();
        let tests = tests.map(|test| (EVALUATION, test.evaluated.without_label_errors));
        both.chain(tests)
            .filter_map(|(name, scores)| Some((name, scores?)))
            .collect()
    }
}
