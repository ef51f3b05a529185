//! An evaluation as text, for a person at a terminal.

use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::template::fill;
use crate::{Evaluation, Language};

/// `0.9586` as `95.86 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// The figures of `evaluation`, whose classes may have `names`, as some twenty lines of text.
#[must_use]
pub fn summary(evaluation: &Evaluation, names: &[String]) -> String {
    let context = context! { names => names.to_vec(), ..Value::from(Serde(evaluation)) };
    fill(include_str!("summary.txt"), &context, Language::En)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_set_by_hand() {
        let labels = [0, 1, 1, 0];
        let logits = [0.0, 0.0, 0.0, 2.0, 1.0, 0.0, 3.0, 0.0];
        let mut evaluation = Evaluation::new(&labels, &logits, 2).unwrap();
        let text = "\
accuracy   75.00 %  (3 of 4)
           95 % interval 30.06 % to 95.44 % (Wilson)
loss       0.5455  (mean cross-entropy)
first  half 100.00 %  (2 of 2)
second half 50.00 %  (1 of 2)

confusion matrix (rows: true class, columns: predicted) and recall
         0    1   recall
    0    2    .  100.0 %
    1    1    1   50.0 %
";
        assert_eq!(summary(&evaluation, &[]), text);
        for _ in 0..10_000 {
            evaluation.confusion.add(1, 0);
        }
        evaluation.recall[0] = None;
        let text = summary(&evaluation, &[]);
        let lines: Vec<&str> = text.lines().skip(7).collect();
        let expected = [
            "          0     1   recall",
            "    0     2     .  no images",
            "    1 10001     1   50.0 %",
        ];
        assert_eq!(lines, expected);
        let text = summary(&evaluation, &["a cat".into(), "dogs\n".into()]);
        assert!(
            text.ends_with("no images  a cat\n    1 10001     1   50.0 %  dogs \n"),
            "{text}"
        );
    }
}
