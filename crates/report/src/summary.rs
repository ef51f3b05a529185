//! An evaluation as text, for a person at a terminal.

use std::fmt::{self, Write};

use crate::{Confusion, Evaluation};

/// The figures of `evaluation` as some twenty lines of text.
#[must_use]
pub fn summary(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_summary(&mut text, evaluation);
    text
}

/// `0.9586` as `95.86 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn write_summary(out: &mut String, e: &Evaluation) -> fmt::Result {
    writeln!(
        out,
        "accuracy   {}  ({} of {})",
        percent(e.accuracy),
        e.correct,
        e.n
    )?;
    let (low, high) = (percent(e.interval.low), percent(e.interval.high));
    writeln!(out, "           95 % interval {low} to {high} (Wilson)")?;
    writeln!(out, "loss       {:.4}  (mean cross-entropy)", e.loss)?;
    for (name, half) in ["first", "second"].iter().zip(&e.halves) {
        writeln!(
            out,
            "{name:6} half {}  ({} of {})",
            percent(half.accuracy),
            half.correct,
            half.n
        )?;
    }
    writeln!(
        out,
        "\nconfusion matrix (rows: true class, columns: predicted) and recall"
    )?;
    write_confusion(out, &e.confusion)
}

fn write_confusion(out: &mut String, confusion: &Confusion) -> fmt::Result {
    let classes = confusion.classes();
    let largest = (0..classes)
        .flat_map(|t| (0..classes).map(move |p| confusion.count(t, p)))
        .max();
    let width = largest.unwrap_or_default().to_string().len().max(4);
    write!(out, "     ")?;
    for predicted in 0..classes {
        write!(out, " {predicted:>width$}")?;
    }
    writeln!(out, "   recall")?;
    for (truth, recall) in confusion.recall().iter().enumerate() {
        write!(out, "{truth:>5}")?;
        for predicted in 0..classes {
            match confusion.count(truth, predicted) {
                0 => write!(out, " {:>width$}", ".")?,
                count => write!(out, " {count:>width$}")?,
            }
        }
        match recall {
            Some(recall) => writeln!(out, "  {:>5.1} %", 100.0 * recall)?,
            None => writeln!(out, "  no images")?,
        }
    }
    Ok(())
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
