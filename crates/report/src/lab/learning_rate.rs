//! `learning-rate`: Adam's step size and the images a step, on the seed recipe's features.

use serde::{Deserialize, Serialize};

use super::wording::{count, method, than};
use super::{Cell, Row};
use crate::chart::{Axis, Chart, Series};
use crate::{Difference, Language, percent};

/// The lab's result. What tells cells apart is in their `training`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearningRate {
    /// Every rate with every batch size.
    pub cells: Vec<Cell<()>>,
    /// The place of the seed recipe's rate and batch size.
    pub seed: usize,
    /// The place of those that did best on the held-out images, the seed recipe's apart.
    pub other: usize,
    /// The others minus the seed recipe's.
    pub difference: Difference,
}

impl LearningRate {
    pub(super) fn finding(&self, language: Language) -> Option<String> {
        let (seed, other) = (self.cells.get(self.seed)?, self.cells.get(self.other)?);
        let seed_is_best = seed.validation()?.accuracy >= other.validation()?.accuracy;
        let accuracies = || self.cells.iter().map(|cell| cell.accuracy.mean);
        let lowest = percent(accuracies().reduce(f64::min)?);
        let highest = percent(accuracies().reduce(f64::max)?);
        let cells = count(self.cells.len() as u64);
        let accuracy = percent(other.accuracy.mean);
        let (rate, batch) = (other.training.learning_rate, other.training.batch_size);
        let (seed_rate, seed_batch) = (seed.training.learning_rate, seed.training.batch_size);
        let than = than(
            language,
            &self.difference,
            &language.pick(
                format!("the seed recipe's {seed_rate} with {seed_batch}"),
                format!("种子配方的学习率 {seed_rate}、批大小 {seed_batch} "),
            ),
        );
        let method = method(language, &self.difference);
        Some(match (language, seed_is_best) {
            (Language::En, false) => format!(
                "Of {cells} pairs of learning rate and batch size, whose test accuracies lie between {lowest} and {highest}, {rate} with {batch} did best on the held-out images and gives {accuracy}, which is {than}{method}."
            ),
            (Language::En, true) => format!(
                "Of {cells} pairs of learning rate and batch size, whose test accuracies lie between {lowest} and {highest}, the seed recipe's did best on the held-out images; the next best there, {rate} with {batch}, gives {accuracy}, which is {than}{method}."
            ),
            (Language::Zh, false) => format!(
                "在 {cells} 组学习率与批大小中（测试准确率介于 {lowest} 与 {highest} 之间），学习率 {rate}、批大小 {batch} 在留出的验证图像上表现最好，测试准确率为 {accuracy}，{than}{method}。"
            ),
            (Language::Zh, true) => format!(
                "在 {cells} 组学习率与批大小中（测试准确率介于 {lowest} 与 {highest} 之间），种子配方的取值在留出的验证图像上表现最好；其次是学习率 {rate}、批大小 {batch}，测试准确率为 {accuracy}，{than}{method}。"
            ),
        })
    }

    pub(super) fn chart(&self, language: Language) -> Chart {
        let mut batches: Vec<usize> = Vec::new();
        for cell in &self.cells {
            if !batches.contains(&cell.training.batch_size) {
                batches.push(cell.training.batch_size);
            }
        }
        let series = |batch: usize| Series {
            name: language.pick(format!("batches of {batch}"), format!("批大小 {batch}")),
            joined: true,
            points: self
                .cells
                .iter()
                .filter(|cell| cell.training.batch_size == batch)
                .map(|cell| cell.point(cell.training.learning_rate))
                .collect(),
        };
        Chart {
            title: language
                .pick("Learning rate and batch size", "学习率与批大小")
                .into(),
            x_label: language.pick("learning rate", "学习率").into(),
            y_label: language.pick("test accuracy", "测试准确率").into(),
            x: Axis::Logarithmic,
            percent: true,
            series: batches.into_iter().map(series).collect(),
        }
    }

    pub(super) fn rows(&self, language: Language) -> Vec<Row> {
        let row = |cell: &Cell<()>| {
            let (rate, batch) = (cell.training.learning_rate, cell.training.batch_size);
            cell.row(language.pick(
                format!("rate {rate}, batches of {batch}"),
                format!("学习率 {rate}，批大小 {batch}"),
            ))
        };
        self.cells.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cell::tests::cell;
    use crate::lab::wording::tests::difference;

    fn lab(seed: f64, other: f64, points: f64) -> LearningRate {
        let mut cells = vec![cell((), seed, 0.95), cell((), other, 0.97)];
        cells[1].training.learning_rate = 0.003;
        cells[1].training.batch_size = 128;
        LearningRate {
            cells,
            seed: 0,
            other: 1,
            difference: difference(points, 0.0001),
        }
    }

    #[test]
    fn findings() {
        for (seed, other, points, language, parts) in [
            (
                0.95,
                0.97,
                2.0,
                Language::En,
                [
                    "Of 2 pairs of learning rate and batch size, whose test accuracies lie between 95.00 % and 97.00 %, 0.003 with 128 did best",
                    "gives 97.00 %, which is 2.00 percentage points more than the seed recipe's 0.001 with 32",
                ],
            ),
            (
                0.98,
                0.97,
                -2.0,
                Language::En,
                [
                    "the seed recipe's did best on the held-out images; the next best there, 0.003 with 128",
                    "2.00 percentage points less than the seed recipe's",
                ],
            ),
            (
                0.98,
                0.97,
                0.2,
                Language::Zh,
                [
                    "种子配方的取值在留出的验证图像上表现最好",
                    "没有明显差异（+0.20 个百分点",
                ],
            ),
        ] {
            let finding = lab(seed, other, points).finding(language).unwrap();
            for part in parts {
                assert!(finding.contains(part), "{part} is missing in {finding}");
            }
        }
    }

    #[test]
    fn a_series_a_batch_size() {
        let chart = lab(0.9, 0.9, 1.0).chart(Language::En);
        let names: Vec<_> = chart.series.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["batches of 32", "batches of 128"]);
    }
}
