//! What a head made of every image of a split, as a CSV file that needs no reader of ours.
//!
//! Columns: `index` (the image's place in its split, counted from 0), `label`, `predicted`,
//! `probability` (of the predicted class), and a logit a class, written so that the very f32 comes
//! back. Every figure can be computed from it again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::{RecordError, sums};
use crate::{Evaluation, Mismatch, argmax, softmax};

/// The most classes, for a label is one byte.
const MAX_CLASSES: usize = 256;

/// How many of the most confident mistakes a report shows.
pub const MOST_CONFIDENT: usize = 36;
/// How many more are kept to be looked at, and how many of each true and predicted class.
const MORE: (usize, usize) = (200, 6);

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Its place in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: u8,
    /// One a class.
    pub logits: Vec<f32>,
}

impl Prediction {
    /// The class with the largest logit.
    #[must_use]
    pub fn predicted(&self) -> usize {
        argmax(&self.logits)
    }

    /// Whether that is the label.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.predicted() == usize::from(self.label)
    }

    /// The probability of the predicted class.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        softmax(&self.logits)[self.predicted()]
    }
}

/// All images of a split, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// How many classes there are.
    pub classes: usize,
    /// One an image.
    pub rows: Vec<Prediction>,
}

impl Predictions {
    /// The same with every logit multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        let logits = scaled.rows.iter_mut().flat_map(|row| &mut row.logits);
        #[expect(clippy::cast_possible_truncation, reason = "logits are f32")]
        logits.for_each(|logit| *logit = (f64::from(*logit) * factor) as f32);
        scaled
    }

    /// Predictions for the images at `indices`, whose `labels` and `logits` are in the same order.
    ///
    /// # Errors
    /// When there are not `classes` logits for every label.
    pub fn new(
        indices: &[usize],
        labels: &[u8],
        logits: &[f32],
        classes: usize,
    ) -> Result<Self, Mismatch> {
        let found = logits.len();
        if classes == 0 || labels.len() * classes != found || indices.len() != labels.len() {
            return Err(Mismatch::Logits {
                labels: labels.len(),
                classes,
                found,
            });
        }
        let rows = indices.iter().zip(labels).zip(logits.chunks_exact(classes));
        let row = |((index, label), logits): ((&usize, &u8), &[f32])| Prediction {
            index: *index,
            label: *label,
            logits: logits.to_vec(),
        };
        Ok(Self {
            classes,
            rows: rows.map(row).collect(),
        })
    }

    /// The figures.
    ///
    /// # Errors
    /// When there are no images, or a label is no class.
    pub fn evaluate(&self) -> Result<Evaluation, Mismatch> {
        let labels: Vec<u8> = self.rows.iter().map(|row| row.label).collect();
        let logits = self.rows.iter().flat_map(|row| &row.logits);
        Evaluation::new(&labels, &logits.copied().collect::<Vec<_>>(), self.classes)
    }

    /// The mistakes, the most confident first.
    #[must_use]
    pub fn mistakes(&self) -> Vec<&Prediction> {
        let mut wrong: Vec<_> = self.rows.iter().filter(|row| !row.is_right()).collect();
        wrong.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()));
        wrong
    }

    /// The mistakes to be looked at: the [`MOST_CONFIDENT`], and after these some of every true and predicted class,
    /// first one of each, then another of each.
    #[must_use]
    pub fn mistakes_to_show(&self) -> Vec<&Prediction> {
        let mut mistakes = self.mistakes();
        let rest = mistakes.split_off(MOST_CONFIDENT.min(mistakes.len()));
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        let mut rank = |row: &Prediction| {
            let seen = seen.entry((row.label, row.predicted())).or_default();
            *seen += 1;
            *seen
        };
        for row in &mistakes {
            rank(row);
        }
        let ranked = rest.into_iter().map(|row| (rank(row), row));
        let mut ranked: Vec<_> = ranked.filter(|(rank, _)| *rank <= MORE.1).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        mistakes.extend(ranked.into_iter().map(|(_, row)| row).take(MORE.0));
        mistakes
    }

    /// The file's text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = header(self.classes);
        for row in &self.rows {
            let Prediction {
                index,
                label,
                logits,
            } = row;
            let (predicted, confidence) = (row.predicted(), row.confidence());
            // Writing to a string cannot fail.
            let _ = write!(csv, "\n{index},{label},{predicted},{confidence:.6}");
            for logit in logits {
                let _ = write!(csv, ",{logit}");
            }
        }
        csv.push('\n');
        csv
    }

    /// Reads what [`Predictions::to_csv`] wrote; `path` is for messages.
    ///
    /// # Errors
    /// [`RecordError::Damaged`], naming the line.
    pub fn from_csv(path: &Path, text: &str) -> Result<Self, RecordError> {
        let no = |line: usize, expected: &str, found: &str| RecordError::Damaged {
            path: path.to_owned(),
            expected: format!("{expected} in line {line}"),
            found: format!("`{}`", found.chars().take(80).collect::<String>()),
            next: sums::TRAIN_AGAIN,
        };
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let classes = first.split(',').count().saturating_sub(4);
        if !(1..=MAX_CLASSES).contains(&classes) || first != header(classes) {
            return Err(no(1, &format!("the columns {}", header(10)), first));
        }
        let expected = format!("an index, a label, its prediction and {classes} finite logits");
        let row = |(number, line)| parse(line, classes).ok_or_else(|| no(number, &expected, line));
        let rows = (2..).zip(lines).map(row).collect::<Result<_, _>>()?;
        Ok(Self { classes, rows })
    }
}

fn header(classes: usize) -> String {
    let logits = (0..classes).map(|class| format!(",logit_{class}"));
    "index,label,predicted,probability".to_owned() + &logits.collect::<String>()
}

/// A row, if its label is a class and its prediction is what its logits say.
fn parse(line: &str, classes: usize) -> Option<Prediction> {
    let mut cells = line.split(',');
    let (index, label) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
    let predicted: usize = cells.next()?.parse().ok()?;
    let _probability: f64 = cells.next()?.parse().ok()?;
    let logits: Vec<f32> = cells.map(|cell| cell.parse().ok()).collect::<Option<_>>()?;
    let finite = logits.len() == classes && logits.iter().all(|logit| logit.is_finite());
    let row = Prediction {
        index,
        label,
        logits,
    };
    (finite && usize::from(row.label) < classes && row.predicted() == predicted).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn predictions() -> Predictions {
        let logits = [0.1, -2.5e-7, 1.0, 3.0e8, f32::MIN_POSITIVE, -0.0];
        Predictions::new(&[4, 9], &[0, 0], &logits, 3).unwrap()
    }

    #[test]
    fn comes_back_as_it_was() {
        let csv = predictions().to_csv();
        assert!(
            csv.starts_with("index,label,predicted,probability,logit_0,logit_1,logit_2\n4,0,2,")
        );
        assert_eq!(
            Predictions::from_csv(Path::new("p"), &csv).unwrap(),
            predictions()
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        let csv = predictions().to_csv();
        for (from, to) in [
            ("4,0,2", "4,0,1"),
            ("4,0,2", "4,3,2"),
            ("4,0,2", "x,0,2"),
            ("300000000", "inf"),
            ("\n4,", "\n4,,"),
        ] {
            let error = Predictions::from_csv(Path::new("p"), &csv.replacen(from, to, 1));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("finite logits in line"),
                "{from} to {to}: {error}"
            );
        }
        for first in [String::new(), header(MAX_CLASSES + 1)] {
            let error = Predictions::from_csv(Path::new("p"), &first).unwrap_err();
            assert!(error.to_string().contains("in line 1"), "{error}");
        }
    }

    #[test]
    fn the_most_confident_mistake_comes_first() {
        let logits = [0.0, 1.0, 5.0, 0.0, 0.0, 3.0];
        let predictions = Predictions::new(&[0, 1, 2], &[0, 0, 0], &logits, 2).unwrap();
        let mistakes = predictions.mistakes();
        assert_eq!(
            mistakes.iter().map(|row| row.index).collect::<Vec<_>>(),
            [2, 0]
        );
    }

    #[test]
    fn mistakes_of_every_kind_are_shown() {
        // Of class 0 a hundred are surely taken for 1, fifty less surely for 2, and one, the least surely, for 3.
        let row = |index: usize| {
            let mut logits = vec![0.0; 4];
            let (class, logit) = match index {
                0..100 => (1, 9.0),
                100..150 => (2, 5.0),
                _ => (3, 1.0),
            };
            logits[class] = logit;
            Prediction {
                index,
                label: 0,
                logits,
            }
        };
        let predictions = Predictions {
            classes: 4,
            rows: (0..151).map(row).collect(),
        };
        let shown = predictions.mistakes_to_show();
        let shown: Vec<usize> = shown.iter().map(|row| row.index).collect();
        assert_eq!(shown[..MOST_CONFIDENT], (0..36).collect::<Vec<_>>());
        assert_eq!(shown[MOST_CONFIDENT..], [100, 150, 101, 102, 103, 104, 105]);
    }

    proptest! {
        #[test]
        fn any_finite_logit_comes_back(logits in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, 2..12)) {
            let predictions = Predictions::new(&[0], &[1], &logits, logits.len()).unwrap();
            prop_assert_eq!(Predictions::from_csv(Path::new("p"), &predictions.to_csv()).unwrap(), predictions);
        }
    }
}
