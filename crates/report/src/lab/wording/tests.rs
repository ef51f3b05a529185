//! Words for effects of every size and sign.

use super::*;

/// A difference with this mean in percentage points, an interval of 0.5 to both sides, and p.
pub(in crate::lab) fn difference(points: f64, p: f64) -> Difference {
    let mean = points / 100.0;
    Difference {
        images: 10_000,
        pairs: vec![crate::Paired::new(&[true], &[true]); 5],
        accuracy: Estimate {
            mean,
            low: mean - 0.005,
            high: mean + 0.005,
        },
        p,
    }
}

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
    ] {
        let difference = difference(points, p);
        assert_eq!(than(Language::En, &difference, "x"), en);
        assert_eq!(than(Language::Zh, &difference, "x"), zh);
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
        assert_eq!(than(Language::En, &estimate, "x"), words);
    }
}

#[test]
fn the_test_is_called_what_it_is() {
    for (trainings, en, zh) in [
        (
            1,
            " (in brackets: the 95 % interval over 10,000 test images, and p of McNemar's exact test on them)",
            "（括号内为 10,000 张测试图片上的 95% 置信区间及 McNemar 精确检验的 p 值）",
        ),
        (
            5,
            " (in brackets: the 95 % interval over 10,000 test images and 5 trainings, and p of a paired t-test on them)",
            "（括号内为 10,000 张测试图片、5 次训练上的 95% 置信区间及配对 t 检验的 p 值）",
        ),
    ] {
        let mut difference = difference(1.0, 0.01);
        difference.pairs.truncate(trainings);
        assert_eq!(method(Language::En, &difference), en);
        assert_eq!(method(Language::Zh, &difference), zh);
    }
}

#[test]
fn thousands_are_apart() {
    for (n, text) in [
        (0_u64, "0"),
        (999, "999"),
        (1000, "1,000"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(count(n), text);
    }
}
