//! An evaluation as text, for a person at a terminal.

use crate::{Evaluation, Share};

/// `0.9586` as `95.86 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// The figures of `evaluation` as some twenty lines of text.
#[must_use]
pub fn summary(evaluation: &Evaluation) -> String {
    let Evaluation { n, correct, .. } = evaluation;
    let [accuracy, low, high] = [
        evaluation.accuracy,
        evaluation.interval.low,
        evaluation.interval.high,
    ]
    .map(percent);
    let half = |(name, half): (&str, &Share)| {
        let Share { n, correct, .. } = half;
        let accuracy = percent(half.accuracy);
        format!("{name:6} half {accuracy}  ({correct} of {n})\n")
    };
    let halves: String = ["first", "second"]
        .into_iter()
        .zip(&evaluation.halves)
        .map(half)
        .collect();
    format!(
        "accuracy   {accuracy}  ({correct} of {n})
           95 % interval {low} to {high} (Wilson)
loss       {:.4}  (mean cross-entropy)
{halves}
confusion matrix (rows: true class, columns: predicted) and recall
{}",
        evaluation.loss,
        confusion(evaluation)
    )
}

/// The confusion matrix with a class a line.
fn confusion(evaluation: &Evaluation) -> String {
    let confusion = &evaluation.confusion;
    let classes = 0..confusion.classes();
    let counts = |truth: usize| {
        classes
            .clone()
            .map(move |class| confusion.count(truth, class))
    };
    let largest = classes.clone().flat_map(counts).max().unwrap_or_default();
    let width = largest.to_string().len().max(4);
    let titles: Vec<String> = classes
        .clone()
        .map(|class| format!("{class:>width$}"))
        .collect();
    let line = |(truth, recall): (usize, &Option<f64>)| {
        let cell = |count| match count {
            0 => format!("{:>width$}", "."),
            count => format!("{count:>width$}"),
        };
        let cells: Vec<String> = counts(truth).map(cell).collect();
        let cells = cells.join(" ");
        match recall {
            Some(recall) => format!("{truth:>5} {cells}  {:>5.1} %\n", 100.0 * recall),
            None => format!("{truth:>5} {cells}  no images\n"),
        }
    };
    let lines: String = evaluation.recall.iter().enumerate().map(line).collect();
    format!("      {}   recall\n{lines}", titles.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_figure() {
        let labels = [0, 1, 1, 0];
        let logits = [0.0, 0.0, 0.0, 2.0, 1.0, 0.0, 3.0, 0.0];
        let text = summary(&Evaluation::new(&labels, &logits, 2).unwrap());
        for part in [
            "75.00 %  (3 of 4)",
            "loss",
            "first",
            "second half 50.00 %",
            "recall",
            "100.0 %",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }
}
