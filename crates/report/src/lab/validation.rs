//! `validation`: what choosing a recipe on the test set would have claimed.

use serde::{Deserialize, Serialize};

use super::wording::{count, spaced, than};
use super::{Cell, Row};
use crate::chart::{Axis, Chart, Point, Series};
use crate::{Difference, Estimate, Language, number};

/// What was found by choosing on one half of the test images and measuring on the other, over many
/// ways to halve them. Intervals are normal ones around the mean over all ways; their standard error
/// is the deviation of that mean over bootstrap resamples of the test images, where copies of an
/// image stay in the same half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Halves {
    /// Ways to halve the test images.
    pub splits: usize,
    /// Bootstrap resamples.
    pub resamples: usize,
    /// Images in the half that was chosen on.
    pub images: usize,
    /// Accuracy of the recipe that is best on one half, there minus on the other half, less the same
    /// for the recipe that was chosen on held-out images, for which it is 0 on average.
    pub excess: Estimate,
    /// Accuracy on the other half of the recipe that is best on the first, minus that of the recipe
    /// that was chosen on held-out images.
    pub gain: Estimate,
}

/// The lab's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Every recipe that could be chosen; what tells them apart is in their `training` and the seed
    /// of their measurement.
    pub candidates: Vec<Cell<()>>,
    /// The place of the one that is chosen on the held-out images.
    pub by_validation: usize,
    /// The place of the one that would be chosen on all test images.
    pub by_test: usize,
    /// The second minus the first, on the test images that the second was chosen on.
    pub difference: Difference,
    /// What the second is worth on images that it was not chosen on.
    pub halves: Halves,
}

impl Validation {
    pub(super) fn finding(&self, language: Language) -> Option<String> {
        let honest = self.candidates.get(self.by_validation)?;
        let test = self.candidates.get(self.by_test)?;
        let n = count(self.candidates.len() as u64);
        let half = count(self.halves.images as u64);
        let (held_out, images) = (
            count(honest.validated_on as u64),
            count(test.tested_on as u64),
        );
        let (claimed, true_one) = (
            number::percent(test.accuracy.mean, language),
            number::percent(honest.accuracy.mean, language),
        );
        let excess = than(
            language,
            &self.halves.excess,
            language.pick("that on the other images", "其余测试图片"),
        );
        let gain = than(
            language,
            &self.halves.gain,
            &language.pick(
                format!("that of the recipe chosen on {held_out} held-out images"),
                format!("用 {held_out} 张留出图片选出的配方"),
            ),
        );
        let all = than(
            language,
            &self.difference,
            &language.pick(
                format!("the {true_one} of the honest choice"),
                format!("诚实选择的 {true_one} "),
            ),
        );
        let test = spaced(language, self.difference.test_name(language));
        Some(language.pick(
            format!(
                "If the best of {n} recipes is chosen on {half} of the test images, its accuracy on them is {excess}; on those others its accuracy is {gain}. Choosing on all {images} would have claimed {claimed}, which is {all} (in brackets: 95 % intervals over test images, and p of {test})."
            ),
            format!(
                "若用 {half} 张测试图片从 {n} 个配方中选出最好的一个，则它在这些图片上的准确率{excess}，而在其余图片上{gain}；若用全部 {images} 张测试图片来选，则会声称达到 {claimed}，{all}（括号内为测试图片上的 95% 置信区间及{test}的 p 值）。"
            ),
        ))
    }

    pub(super) fn chart(&self, language: Language) -> Chart {
        let point = |cell: &Cell<()>| {
            Some(Point {
                x: 100.0 * cell.validation()?.accuracy,
                y: cell.accuracy.mean,
                interval: None,
            })
        };
        let chosen = |place: usize| self.candidates.get(place).and_then(point);
        let series = |name: &str, points: Vec<Point>| Series {
            name: name.into(),
            joined: false,
            points,
        };
        let mut all: Vec<Point> = self.candidates.iter().filter_map(point).collect();
        all.sort_by(|a, b| a.x.total_cmp(&b.x));
        Chart {
            title: language
                .pick("Recipes to choose from", "可供选择的配方")
                .into(),
            x_label: language
                .pick("accuracy on held-out images (%)", "留出图片上的准确率（%）")
                .into(),
            y_label: language.pick("test accuracy", "测试准确率").into(),
            x: Axis::Linear,
            percent: true,
            series: vec![
                series(language.pick("all recipes", "全部配方"), all),
                series(
                    language.pick("chosen on held-out images", "用留出图片选出"),
                    chosen(self.by_validation).into_iter().collect(),
                ),
                series(
                    language.pick("chosen on test images", "用测试图片选出"),
                    chosen(self.by_test).into_iter().collect(),
                ),
            ],
        }
    }

    pub(super) fn rows(&self, language: Language) -> Vec<Row> {
        let row = |(place, cell): (usize, &Cell<()>)| {
            let training = cell.training;
            let (rate, batch) = (training.learning_rate, training.batch_size);
            let standardised = if training.standardised {
                language.pick(", standardised", "，特征标准化")
            } else {
                ""
            };
            let mut mark = String::new();
            if place == self.by_validation {
                mark += language.pick(", chosen on held-out images", "，用留出图片选出");
            }
            if place == self.by_test {
                mark += language.pick(", chosen on test images", "，用测试图片选出");
            }
            cell.row(language.pick(
                format!("rate {rate}, batches of {batch}{standardised}{mark}"),
                format!("学习率 {rate}，批大小 {batch}{standardised}{mark}"),
            ))
        };
        self.candidates.iter().enumerate().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cell::tests::cell;
    use crate::lab::wording::tests::difference;

    fn lab(excess: f64, gain: f64, points: f64) -> Validation {
        let estimate = |points: f64| Estimate {
            mean: points / 100.0,
            low: (points - 0.5) / 100.0,
            high: (points + 0.5) / 100.0,
        };
        Validation {
            candidates: vec![cell((), 0.95, 0.95), cell((), 0.94, 0.96)],
            by_validation: 0,
            by_test: 1,
            difference: difference(points, 0.0001),
            halves: Halves {
                splits: 100,
                resamples: 100,
                images: 5000,
                excess: estimate(excess),
                gain: estimate(gain),
            },
        }
    }

    #[test]
    fn findings() {
        for (excess, gain, points, language, parts) in [
            (
                1.0,
                -1.0,
                1.0,
                Language::En,
                [
                    "If the best of 2 recipes is chosen on 5,000 of the test images, its accuracy on them is 1.00 percentage points more than that on the other images",
                    "; on those others its accuracy is 1.00 percentage points less than that of the recipe chosen on 10 held-out images",
                    "would have claimed 96.00\u{a0}%, which is 1.00 percentage points more than the 95.00\u{a0}% of the honest choice",
                ],
            ),
            (
                0.1,
                0.1,
                0.1,
                Language::Zh,
                [
                    "在这些图片上的准确率与其余测试图片没有明显差异（+0.10 个百分点",
                    "而在其余图片上与用 10 张留出图片选出的配方没有明显差异",
                    "则会声称达到 96.00%，与诚实选择的 95.00% 没有明显差异",
                ],
            ),
        ] {
            let finding = lab(excess, gain, points).finding(language).unwrap();
            for part in parts {
                assert!(finding.contains(part), "{part} is missing in {finding}");
            }
        }
    }

    #[test]
    fn the_choices_are_marked() {
        let rows = lab(0.0, 0.0, 0.0).rows(Language::En);
        assert!(rows[0].setting.ends_with("chosen on held-out images"));
        assert!(rows[1].setting.ends_with("chosen on test images"));
        let chart = lab(0.0, 0.0, 0.0).chart(Language::En);
        let (all, by_test) = (&chart.series[0].points, &chart.series[2].points);
        assert!((all[0].x - 94.0).abs() < 1e-9 && (by_test[0].y - 0.96).abs() < 1e-9);
    }
}
