//! The class with the lowest recall, how surely it is the hardest, and what it is taken for.

use super::run::Run;
use crate::{Evaluation, Interval, number, wilson};

/// The sentences; none where there are no images, or no mistakes in the class that is found least.
pub(super) fn weakest(run: &Run, test: &Evaluation) -> Option<String> {
    let confusion = &test.confusion;
    let classes = test.recall.iter().enumerate();
    let found = classes.filter_map(|(class, recall)| {
        let interval = wilson(confusion.count(class, class), confusion.images(class));
        Some((class, (*recall)?, interval))
    });
    let found: Vec<(usize, f64, Interval)> = found.collect();
    let least = found.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (class, recall, range) = (least.0, run.percent(least.1), run.range(least.2));
    let list = |classes: Vec<usize>, between: &str| {
        let names: Vec<String> = classes.iter().map(usize::to_string).collect();
        names.join(between)
    };

    // All classes that it was taken for most often: the first of the mistakes, and its equals.
    let mistakes = confusion.mistakes();
    let of_class = || mistakes.iter().filter(|(_, truth, _)| *truth == class);
    let (most, ..) = of_class().next()?;
    let taken = of_class().filter(|(count, ..)| count == most);
    let taken: Vec<usize> = taken.map(|(.., predicted)| *predicted).collect();
    let each = if taken.len() > 1 {
        run.pick(" each", "各 ")
    } else {
        ""
    };
    let (taken, count) = (list(taken, run.pick(" and ", " 和 ")), number::count(*most));
    let first = run.pick(
        format!("The class with the lowest recall is {class}: {recall} (95\u{a0}% interval {range}), most often taken for {taken} ({count} images{each})."),
        format!("召回率最低的类别是 {class}：{recall}（95% 置信区间 {range}），最常被认作 {taken}（{each}{count} 张）。"),
    );

    let overlaps =
        |other: &&(usize, f64, Interval)| other.0 != class && other.2.low <= least.2.high;
    let alike: Vec<usize> = found.iter().filter(overlaps).map(|other| other.0).collect();
    let those = match alike.len() {
        1 => "that of class",
        _ => "those of classes",
    };
    let second = if alike.is_empty() {
        run.pick(
            "No other class has an interval that overlaps with it: it is the hardest.".to_owned(),
            "其他类别的置信区间都不与之重叠，可以认为它最难。".to_owned(),
        )
    } else {
        let others = list(alike, run.pick(", ", "、"));
        run.pick(
            format!(
                "It is not necessarily the hardest: its interval overlaps with {those} {others}."
            ),
            format!("但它不一定最难：其置信区间与类别 {others} 的重叠。"),
        )
    };
    Some(run.pick(format!("{first} {second}"), format!("{first}{second}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::page::tests::record::record;

    /// An evaluation with these images, a row of predictions a true class.
    fn evaluation(counts: [[usize; 3]; 3]) -> Evaluation {
        let (mut labels, mut logits) = (Vec::new(), Vec::new());
        for (truth, row) in (0..).zip(counts) {
            for (predicted, count) in row.into_iter().enumerate() {
                for _ in 0..count {
                    labels.push(truth);
                    logits.extend((0..3).map(|to| if to == predicted { 1.0 } else { 0.0 }));
                }
            }
        }
        Evaluation::new(&labels, &logits, 3).unwrap()
    }

    #[test]
    fn equals_are_all_named_and_overlaps_too() {
        let record = record();
        for (counts, language, expected) in [
            (
                [[90, 10, 0], [0, 100, 0], [28, 28, 944]],
                Language::En,
                Some(
                    "The class with the lowest recall is 0: 90.00 % (95 % interval 82.56 to 94.48 %), most often taken for 1 (10 images). It is not necessarily the hardest: its interval overlaps with that of class 2.",
                ),
            ),
            (
                [[100, 0, 0], [0, 100, 0], [28, 28, 44]],
                Language::En,
                Some(
                    "The class with the lowest recall is 2: 44.00 % (95 % interval 34.67 to 53.77 %), most often taken for 0 and 1 (28 images each). No other class has an interval that overlaps with it: it is the hardest.",
                ),
            ),
            (
                [[100, 0, 0], [0, 100, 0], [28, 28, 44]],
                Language::Zh,
                Some(
                    "召回率最低的类别是 2：44.00%（95% 置信区间 34.67%～53.77%），最常被认作 0 和 1（各 28 张）。其他类别的置信区间都不与之重叠，可以认为它最难。",
                ),
            ),
            ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], Language::En, None),
        ] {
            let run = Run::new(&record, language);
            let said = weakest(&run, &evaluation(counts));
            let said = said.map(|said| said.replace('\u{a0}', " ").replace('\u{2060}', ""));
            assert_eq!(said.as_deref(), expected);
        }
    }
}
