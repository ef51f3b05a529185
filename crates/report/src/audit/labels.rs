//! Which labels are probably wrong: confident learning.

use serde::Serialize;

use crate::count::float;
use crate::record::{Prediction, Predictions};
use crate::{argmax, softmax};

/// Room for rounding where a probability is compared with a threshold, as in the package `cleanlab`.
const ROUNDING: f64 = 1e-6;

/// An image with its label, and what other images say of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// Its place in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: usize,
    /// The class that it is most probably of.
    pub suggested: usize,
    /// The probability of its label: the less, the more suspect (self-confidence).
    pub probability: f64,
    /// The probability of the suggested class.
    pub suggested_probability: f64,
    /// Whether its label is probably wrong, by [`suspects`].
    pub probably_wrong: bool,
}

/// All images, the most suspect first: those whose label is probably wrong, and then all others, each by the
/// probability of its label. `predictions` are of heads that did not learn from the image.
///
/// A class's threshold is the mean probability of the class over the images that are labelled so. A label is
/// probably wrong where the most probable class of those that reach their thresholds is another, and so is the
/// most probable of all. Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in
/// dataset labels", JAIR 70 (2021), with the rules of `cleanlab`'s `find_label_issues(filter_by =
/// "confident_learning")`.
#[must_use]
pub fn suspects(predictions: &Predictions) -> Vec<Suspect> {
    let rows = &predictions.rows;
    let probabilities: Vec<Vec<f64>> = rows.iter().map(|row| softmax(&row.logits)).collect();
    let mut sums = vec![(0.0, 0_usize); predictions.classes];
    for (row, probabilities) in rows.iter().zip(&probabilities) {
        let label = usize::from(row.label);
        sums[label].0 += probabilities[label];
        sums[label].1 += 1;
    }
    let threshold = |&(sum, count): &(f64, usize)| match count {
        // No image is labelled so: none can be shown to be of that class.
        0 => f64::INFINITY,
        _ => sum / float(count),
    };
    let thresholds: Vec<f64> = sums.iter().map(threshold).collect();
    let suspect = |(row, probabilities): (&Prediction, &Vec<f64>)| {
        let (label, most) = (usize::from(row.label), argmax(&row.logits));
        let reached = probabilities.iter().zip(&thresholds);
        let mut reached = reached.map(|(one, threshold)| *one >= threshold - ROUNDING);
        let confident: Vec<usize> = (0..)
            .zip(&mut reached)
            .filter_map(|(class, is)| is.then_some(class))
            .collect();
        let guess = match confident[..] {
            [] => None,
            [one] => Some(one),
            _ => Some(most),
        };
        Suspect {
            index: row.index,
            label,
            suggested: most,
            probability: probabilities[label],
            suggested_probability: probabilities[most],
            probably_wrong: most != label && guess.is_some_and(|guess| guess != label),
        }
    };
    let mut suspects: Vec<_> = rows.iter().zip(&probabilities).map(suspect).collect();
    suspects.sort_by(|a, b| {
        let wrong = b.probably_wrong.cmp(&a.probably_wrong);
        wrong
            .then(a.probability.total_cmp(&b.probability))
            .then(a.index.cmp(&b.index))
    });
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference: 600 images of 4 classes whose labels are partly wrong, and what `cleanlab` 2 makes of
    /// them, by `scripts/reference_audit.py`.
    const REFERENCE: &str = include_str!("reference.csv");

    #[test]
    fn agrees_with_cleanlab() {
        let lines = REFERENCE.lines().skip(1);
        let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let rows = lines.iter().enumerate().map(|(index, line)| Prediction {
            index,
            label: line[0].parse().unwrap(),
            logits: line[3..].iter().map(|cell| cell.parse().unwrap()).collect(),
        });
        let predictions = Predictions {
            classes: 4,
            rows: rows.collect(),
        };
        let suspects = suspects(&predictions);
        assert_eq!(suspects.len(), lines.len());
        let mut wrong = 0;
        for one in &suspects {
            let line = &lines[one.index];
            let quality: f64 = line[2].parse().unwrap();
            assert_eq!(one.probably_wrong, line[1] == "1", "image {}", one.index);
            assert!(
                (one.probability - quality).abs() < 1e-6,
                "image {}",
                one.index
            );
            wrong += usize::from(one.probably_wrong);
        }
        assert!(wrong > 30, "{wrong}");
        assert!(suspects.is_sorted_by_key(|one| !one.probably_wrong));
        for some in [&suspects[..wrong], &suspects[wrong..]] {
            assert!(some.is_sorted_by(|a, b| a.probability <= b.probability));
        }
    }

    #[test]
    fn a_class_that_no_label_names_is_never_suggested_with_confidence() {
        let logits = [0.0, 9.0, 1.0, 5.0, 0.0, 0.0, 0.0, 0.0, 8.0];
        let predictions = Predictions::new(&[0, 1, 2], &[0, 0, 1], &logits, 3).unwrap();
        let suspects = suspects(&predictions);
        let last = suspects.iter().find(|one| one.index == 2).unwrap();
        assert_eq!((last.suggested, last.probably_wrong), (2, false));
    }
}
