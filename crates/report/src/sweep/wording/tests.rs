//! Words for comparisons of every size and sign.

use super::*;
use crate::sweep::fixture::{paired, results};

#[test]
fn words_follow_the_numbers() {
    for (points, p, en, zh) in [
        (
            2.0,
            0.0001,
            "2.00 percentage points more than x (1.50 to 2.50, p < 0.001)",
            "比 x 高 2.00 个百分点（1.50 至 2.50，p < 0.001）",
        ),
        (
            -2.0,
            0.012,
            "2.00 percentage points less than x (1.50 to 2.50, p = 0.012)",
            "比 x 低 2.00 个百分点（1.50 至 2.50，p = 0.012）",
        ),
        (
            -0.25,
            0.3,
            "not clearly different from x (−0.25 percentage points, −0.75 to 0.25, p = 0.300)",
            "与 x 没有明显差异（−0.25 个百分点，−0.75 至 0.25，p = 0.300）",
        ),
        // The test alone, or the interval alone, is not enough.
        (
            0.25,
            0.001,
            "not clearly different from x (+0.25 percentage points, −0.25 to 0.75, p = 0.001)",
            "与 x 没有明显差异（+0.25 个百分点，−0.25 至 0.75，p = 0.001）",
        ),
        (
            2.0,
            0.2,
            "not clearly different from x (+2.00 percentage points, 1.50 to 2.50, p = 0.200)",
            "与 x 没有明显差异（+2.00 个百分点，1.50 至 2.50，p = 0.200）",
        ),
        // Nothing is not less than nothing.
        (
            -0.001,
            1.0,
            "not clearly different from x (+0.00 percentage points, −0.50 to 0.50, p = 1.000)",
            "与 x 没有明显差异（+0.00 个百分点，−0.50 至 0.50，p = 1.000）",
        ),
    ] {
        let comparison = Comparison::Paired(paired(points, p));
        assert_eq!(than(Language::En, &comparison, "x"), en);
        assert_eq!(than(Language::Zh, &comparison, "x"), zh);
    }
}

#[test]
fn without_a_test_the_interval_decides() {
    for (mean, words) in [
        (0.02, "2.00 percentage points more than x (1.00 to 3.00)"),
        (-0.02, "2.00 percentage points less than x (1.00 to 3.00)"),
        (
            0.001,
            "not clearly different from x (+0.10 percentage points, −0.90 to 1.10)",
        ),
    ] {
        let estimate = Estimate {
            mean,
            low: mean - 0.01,
            high: mean + 0.01,
        };
        let halves = Comparison::Halves(estimate);
        assert_eq!(than(Language::En, &halves, "x"), words);
    }
}

#[test]
fn the_test_is_called_what_it_is() {
    for (trainings, en, zh) in [
        (
            1,
            " In brackets: 95 % intervals over 1,000 test images, and p of McNemar's exact test.",
            "括号内为 1,000 张测试图片上的 95% 置信区间，及 McNemar 精确检验的 p 值。",
        ),
        (
            5,
            " In brackets: 95 % intervals over 1,000 test images and 5 trainings, and p of a paired t-test.",
            "括号内为 1,000 张测试图片、5 次训练上的 95% 置信区间，及配对 t 检验的 p 值。",
        ),
    ] {
        let mut results = results();
        let cell = &mut results.outcome.cells[0];
        cell.trainings = vec![cell.trainings[0]; trainings];
        let mut difference = paired(1.0, 0.01);
        difference.pairs.truncate(trainings);
        let comparisons = &mut results.outcome.comparisons;
        comparisons.insert("gain".into(), Comparison::Paired(difference));
        assert_eq!(
            results.words(context! { say => "method" }, Language::En),
            en
        );
        assert_eq!(
            results.words(context! { say => "method" }, Language::Zh),
            zh
        );
        results.outcome.comparisons.clear();
        assert_eq!(
            results.words(context! { say => "method" }, Language::En),
            ""
        );
    }
}
