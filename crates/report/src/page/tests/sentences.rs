//! Sentences whose wording follows from figures.

use super::pages;
use super::record::record;
use crate::record::{Predictions, Record};

/// Whether the Markdown pages, in English and in Chinese, have these sentences.
fn assert_says(record: &Record, sentences: [&str; 2]) {
    let pages = pages(record, &[]);
    for (page, sentence) in [&pages[1], &pages[3]].into_iter().zip(sentences) {
        assert!(page.contains(sentence), "{sentence} is missing in\n{page}");
    }
}

#[test]
fn a_gap_within_chance_gets_no_verdict() {
    let mut record = record();
    // All with confidence 0.8: chance explains 1.96 * sqrt(0.8 * 0.2 / 100) = 0.0784.
    for (right, en, zh) in [
        (
            73,
            "neither clearly overconfident nor clearly underconfident: its mean confidence is 7.00 percentage points above its accuracy, and chance alone explains up to 7.84 percentage points (at 95 %). The Brier",
            "看不出过于自信或不够自信：平均置信度比准确率高 7.00 个百分点，而仅偶然因素就可造成至多 7.84 个百分点的差距（95% 水平）。",
        ),
        (
            72,
            "overall it is overconfident: its mean confidence is 8.00 percentage points above",
            "总体上过于自信：平均置信度比准确率高 8.00 个百分点，而偶然因素至多造成 7.84 个百分点的差距",
        ),
        (
            88,
            "overall it is underconfident: its mean confidence is 8.00 percentage points below",
            "总体上不够自信：平均置信度比准确率低 8.00 个百分点",
        ),
        (
            87,
            "neither clearly overconfident nor clearly underconfident: its mean confidence is 7.00 percentage points below",
            "看不出过于自信或不够自信：平均置信度比准确率低 7.00 个百分点",
        ),
    ] {
        let images: Vec<_> = (0..100).map(|image| (0.8, image < right)).collect();
        let test = record.test.as_mut().unwrap();
        test.evaluated.evaluation.calibration = crate::bins(&images);
        assert_says(&record, [en, zh]);
    }
    let test = record.test.as_mut().unwrap();
    test.evaluated.evaluation.calibration = crate::bins(&[]);
    assert_says(
        &record,
        ["weighted by images); there are no images.", "，没有图片。"],
    );
}

/// Test images with these counts, a row of predictions a true class.
fn predictions(counts: [[usize; 3]; 3]) -> Predictions {
    let (mut labels, mut logits) = (Vec::new(), Vec::new());
    for (truth, row) in (0..).zip(counts) {
        for (predicted, count) in row.into_iter().enumerate() {
            for _ in 0..count {
                labels.push(truth);
                logits.extend((0..3).map(|to| if to == predicted { 1.0 } else { 0.0 }));
            }
        }
    }
    let indices: Vec<usize> = (0..labels.len()).collect();
    Predictions::new(&indices, &labels, &logits, 3).unwrap()
}

#[test]
fn equals_are_all_named_and_overlaps_too() {
    let mut record = record();
    let mut set = |counts| {
        let predictions = predictions(counts);
        let test = record.test.as_mut().unwrap();
        test.evaluated.evaluation = predictions.evaluate().unwrap();
        test.predictions = predictions;
        record.clone()
    };
    for (counts, en, zh) in [
        (
            [[90, 10, 0], [0, 100, 0], [28, 28, 944]],
            "- The class with the lowest recall is 0: 90.00 % (95 % interval 82.56 to 94.48 %), most often taken for 1 (10 images). It is not necessarily the hardest: its interval overlaps with that of class 2.\n",
            "- 召回率最低的类别是 0：90.00%（95% 置信区间 82.56%～94.48%），最常被认作 1（10 张）。但它不一定最难：其置信区间与类别 2 的重叠。\n",
        ),
        (
            [[100, 0, 0], [0, 100, 0], [28, 28, 44]],
            "- The class with the lowest recall is 2: 44.00 % (95 % interval 34.67 to 53.77 %), most often taken for 0 and 1 (28 images each). No other class has an interval that overlaps with it: it is the hardest.\n",
            "- 召回率最低的类别是 2：44.00%（95% 置信区间 34.67%～53.77%），最常被认作 0 和 1（各 28 张）。其他类别的置信区间都不与之重叠，可以认为它最难。\n",
        ),
    ] {
        assert_says(&set(counts), [en, zh]);
    }
    let right = set([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    for page in pages(&right, &[]) {
        assert!(!page.contains("lowest recall") && !page.contains("召回率最低"));
    }
}
