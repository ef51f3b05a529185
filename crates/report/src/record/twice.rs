//! Figures and labels that a record has twice: they have to be the same.

use super::same::difference;
use super::{
    EVALUATION, MANIFEST, METRICS, MISTAKES, Picture, Predictions, Record, RecordError, SAMPLES,
    Scores, TEST_PREDICTIONS, Tested, VALIDATION_PREDICTIONS,
};

/// The largest difference between figures of the same numbers.
const SAME: f64 = 1e-9;
/// The largest difference, as a share of the larger, between figures of the same head and images
/// that were computed twice, where they need not round alike: on a graphics card, or on two
/// processors if the run was gone on with elsewhere.
const MEASURED_AGAIN: f64 = 1e-3;

impl Record {
    /// Refuses a record whose figures contradict each other.
    pub(super) fn figures_agree(&self) -> Result<(), RecordError> {
        self.kept_scores()?;
        self.held_out_scores()?;
        self.sample_labels()?;
        match &self.test {
            None => Ok(()),
            Some(test) => {
                self.test_figures(test)?;
                self.figures_without_label_errors(test)?;
                self.mistakes_are_the_predictions(test)
            }
        }
    }

    /// The manifest's scores are those of the epoch that was kept.
    fn kept_scores(&self) -> Result<(), RecordError> {
        let (manifest, kept) = (&self.manifest, self.kept());
        for (figure, found, expected) in [
            ("train", Some(manifest.train), Some(kept.train)),
            ("validation", manifest.validation, kept.validation),
        ] {
            if !are_near(found, expected, SAME) {
                let expected = format!(
                    "{figure} {}, as epoch {} of {METRICS} has it",
                    shown(expected),
                    kept.epoch
                );
                return Err(self.contradicts(MANIFEST, expected, shown(found)));
            }
        }
        Ok(())
    }

    /// They are those of the predictions, too. Training figures have no such twin: they are measured
    /// while the head learns.
    fn held_out_scores(&self) -> Result<(), RecordError> {
        let computed = match &self.validation {
            None => None,
            Some(split) => Some(self.scores_of(VALIDATION_PREDICTIONS, split)?),
        };
        let manifest = &self.manifest;
        let repeatable = manifest.machine.backend == "cpu" && !manifest.resumed;
        let tolerance = if repeatable { SAME } else { MEASURED_AGAIN };
        if are_near(manifest.validation, computed, tolerance) {
            return Ok(());
        }
        let expected = format!(
            "validation {}, as {VALIDATION_PREDICTIONS} has it",
            shown(computed)
        );
        Err(self.contradicts(MANIFEST, expected, shown(manifest.validation)))
    }

    /// The samples have the labels that the predictions have for these images.
    fn sample_labels(&self) -> Result<(), RecordError> {
        let splits = [Some(&self.train), self.validation.as_ref()];
        let rows = || splits.iter().flatten().flat_map(|split| &split.rows);
        for Picture { index, label, .. } in &self.samples.digits {
            let known = rows().find(|row| row.index == *index);
            if let Some(row) = known.filter(|row| row.label != *label) {
                let expected = format!("label {} of image {index}", row.label);
                return Err(self.contradicts(SAMPLES, expected, label.to_string()));
            }
        }
        Ok(())
    }

    fn test_figures(&self, test: &Tested) -> Result<(), RecordError> {
        let computed = test.predictions.evaluate().map_err(|error| {
            self.contradicts(TEST_PREDICTIONS, "predictions".into(), error.to_string())
        })?;
        match difference(&test.evaluated.evaluation, &computed) {
            Ok(None) => Ok(()),
            Ok(Some([figure, found, expected])) => {
                let expected = format!("{figure} {expected}, as {TEST_PREDICTIONS} has it");
                Err(self.contradicts(EVALUATION, expected, found))
            }
            Err(error) => Err(self.contradicts(EVALUATION, "figures".into(), error.to_string())),
        }
    }

    fn figures_without_label_errors(&self, test: &Tested) -> Result<(), RecordError> {
        let Some(found) = test.evaluated.without_label_errors else {
            return Ok(());
        };
        let rest = test.predictions.without_label_errors();
        let computed = self.scores_of(TEST_PREDICTIONS, &rest)?;
        if are_near(Some(found), Some(computed), SAME) {
            return Ok(());
        }
        let expected = format!(
            "without_label_errors {}, as {TEST_PREDICTIONS} has it",
            shown(Some(computed))
        );
        Err(self.contradicts(EVALUATION, expected, shown(Some(found))))
    }

    /// The pictures of mistakes are of the most confident ones, with their labels; of all, where
    /// there are no more than those that are kept.
    fn mistakes_are_the_predictions(&self, test: &Tested) -> Result<(), RecordError> {
        let (pictures, mistakes) = (&test.mistakes, test.predictions.mistakes());
        if pictures.len() > mistakes.len() || pictures.is_empty() && !mistakes.is_empty() {
            let expected = format!(
                "pictures of at most {} mistakes, and of some",
                mistakes.len()
            );
            return Err(self.contradicts(MISTAKES, expected, pictures.len().to_string()));
        }
        for (picture, row) in pictures.iter().zip(mistakes) {
            if (picture.index, picture.label) != (row.index, row.label) {
                let expected = format!(
                    "image {} with label {}, as {TEST_PREDICTIONS} has it",
                    row.index, row.label
                );
                let found = format!("image {} with label {}", picture.index, picture.label);
                return Err(self.contradicts(MISTAKES, expected, found));
            }
        }
        Ok(())
    }

    fn scores_of(&self, name: &str, predictions: &Predictions) -> Result<Scores, RecordError> {
        let evaluation = predictions.evaluate();
        let evaluation = evaluation
            .map_err(|error| self.contradicts(name, "predictions".into(), error.to_string()))?;
        Ok(Scores::from(&evaluation))
    }
}

/// Whether scores are the same but for `tolerance`, as a share of figures above 1.
fn are_near(first: Option<Scores>, second: Option<Scores>, tolerance: f64) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0);
    match (first, second) {
        (Some(a), Some(b)) => near(a.loss, b.loss) && near(a.accuracy, b.accuracy),
        (first, second) => first.is_none() && second.is_none(),
    }
}

fn shown(scores: Option<Scores>) -> String {
    scores.map_or_else(
        || "none".to_owned(),
        |Scores { loss, accuracy }| format!("loss {loss} and accuracy {accuracy}"),
    )
}

#[cfg(test)]
mod tests;
