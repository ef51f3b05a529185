//! The class that is found least often, how surely it is the hardest, and what it is taken for.

use super::evaluation::confusions;
use super::run::Run;
use crate::{Confusion, Evaluation, Interval, number, wilson};

/// One class: its share of images that were found, with Wilson's interval.
struct Found {
    class: usize,
    recall: f64,
    interval: Interval,
}

/// The sentences; none where there are no images, or no mistakes in the class that is found least.
pub(super) fn weakest(run: &Run, test: &Evaluation) -> Option<String> {
    let found = found(test);
    let least = found.iter().min_by(|a, b| a.recall.total_cmp(&b.recall))?;
    let (count, taken) = taken_for(&test.confusion, least.class)?;
    let and = run.pick(" and ", " 和 ");
    let list = |classes: &[usize]| classes.iter().map(usize::to_string).collect::<Vec<_>>();
    let (several, taken) = (taken.len() > 1, list(&taken).join(and));
    let (class, recall, count) = (least.class, run.percent(least.recall), number::count(count));
    let range = number::range(least.interval, run.language);
    let each = if several {
        run.pick(" each", "各 ")
    } else {
        run.pick("", "")
    };
    let first = run.pick(
        format!("The class that is found least often is {class}: {recall} of its images (95\u{a0}% interval {range}), most often taken for {taken} ({count} images{each})."),
        format!("召回率最低的类别是 {class}：{recall}（95% 置信区间 {range}），最常被认作 {taken}（{each}{count} 张）。"),
    );
    let alike = found
        .iter()
        .filter(|other| other.class != class && other.interval.low <= least.interval.high);
    let alike: Vec<usize> = alike.map(|other| other.class).collect();
    let second = match alike.as_slice() {
        [] => run.pick(
            "No other class has an interval that overlaps with it: it is the hardest.".to_owned(),
            "其他类别的置信区间都不与之重叠，可以认为它最难。".to_owned(),
        ),
        alike => {
            let others = list(alike).join(run.pick(", ", "、"));
            let those = if alike.len() == 1 {
                "that of class"
            } else {
                "those of classes"
            };
            run.pick(
                format!("It need not be the hardest: its interval overlaps with {those} {others}."),
                format!("但它不一定最难：其置信区间与类别 {others} 的重叠。"),
            )
        }
    };
    Some(run.pick(format!("{first} {second}"), format!("{first}{second}")))
}

/// Every class that has images.
fn found(test: &Evaluation) -> Vec<Found> {
    let classes = test.recall.iter().enumerate();
    let found = classes.filter_map(|(class, recall)| {
        let right = test.confusion.count(class, class);
        let predicted = 0..test.confusion.classes();
        let images: u64 = predicted.map(|to| test.confusion.count(class, to)).sum();
        Some(Found {
            class,
            recall: (*recall)?,
            interval: wilson(right, images),
        })
    });
    found.collect()
}

/// How many images of `class` were taken for the class that it is taken for most often, and all
/// classes that as many were taken for.
fn taken_for(confusion: &Confusion, class: usize) -> Option<(u64, Vec<usize>)> {
    let taken = confusions(confusion);
    let taken = || taken.iter().filter(|(_, truth, _)| *truth == class);
    let most = taken().map(|(count, ..)| *count).max()?;
    let all = taken().filter(|(count, ..)| *count == most);
    Some((most, all.map(|(.., predicted)| *predicted).collect()))
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
                    "The class that is found least often is 0: 90.00 % of its images (95 % interval 82.56 to 94.48 %), most often taken for 1 (10 images). It need not be the hardest: its interval overlaps with that of class 2.",
                ),
            ),
            (
                [[100, 0, 0], [0, 100, 0], [28, 28, 44]],
                Language::En,
                Some(
                    "The class that is found least often is 2: 44.00 % of its images (95 % interval 34.67 to 53.77 %), most often taken for 0 and 1 (28 images each). No other class has an interval that overlaps with it: it is the hardest.",
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
