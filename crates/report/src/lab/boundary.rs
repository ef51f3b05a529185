//! `boundary`: the block of VGG16 after which the features are taken.

use serde::{Deserialize, Serialize};

use super::wording::{method, than};
use super::{Cell, Row};
use crate::chart::{Axis, Chart, Series};
use crate::{Difference, Language, number};

/// A cell's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The last block that is kept, 1 to 5.
    pub block: u8,
    /// Values that an image has there.
    pub values: usize,
}

/// A block with the learning rate that did best for it on the held-out images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// The place of its cell.
    pub cell: usize,
    /// This block minus block 5; none for block 5 itself.
    pub difference: Option<Difference>,
}

/// The lab's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boundary {
    /// Every block with every learning rate.
    pub cells: Vec<Cell<Block>>,
    /// Every block with its own, from block 1 on.
    pub chosen: Vec<Chosen>,
    /// The block that did best on the held-out images, as a place in `chosen`.
    pub best: usize,
}

impl Boundary {
    fn cell(&self, chosen: &Chosen) -> Option<&Cell<Block>> {
        self.cells.get(chosen.cell)
    }

    pub(super) fn finding(&self, language: Language) -> Option<String> {
        let best = self.chosen.get(self.best)?;
        // Where block 5 itself did best, the next best block is compared with it.
        let (other, is_best) = match &best.difference {
            Some(_) => (best, true),
            None => (self.runner_up()?, false),
        };
        let (difference, cell) = (other.difference.as_ref()?, self.cell(other)?);
        let (block, accuracy) = (
            cell.setting.block,
            number::percent(cell.accuracy.mean, language),
        );
        let values = cell.setting.values;
        let last = self.cell(self.chosen.iter().find(|c| c.difference.is_none())?)?;
        let last = number::percent(last.accuracy.mean, language);
        let block5 = language.pick(
            format!("the {last} of features after block 5"),
            format!("第 5 块之后的特征的 {last} "),
        );
        let than = than(language, difference, &block5);
        let method = method(language, difference);
        Some(match (language, is_best) {
            (Language::En, true) => format!(
                "Features after block {block} ({values} values an image), which did best on the held-out images, give {accuracy}, which is {than}{method}."
            ),
            (Language::En, false) => format!(
                "Features after block 5 did best on the held-out images; those after block {block} ({values} values an image), the next best there, give {accuracy}, which is {than}{method}."
            ),
            (Language::Zh, true) => format!(
                "在留出的验证图片上表现最好的是第 {block} 块之后的特征（每张图片 {values} 个值），其测试准确率为 {accuracy}，{than}{method}。"
            ),
            (Language::Zh, false) => format!(
                "在留出的验证图片上表现最好的是第 5 块之后的特征；其次是第 {block} 块之后的特征（每张图片 {values} 个值），其测试准确率为 {accuracy}，{than}{method}。"
            ),
        })
    }

    /// The block other than 5 that did best on the held-out images.
    fn runner_up(&self) -> Option<&Chosen> {
        let others = self
            .chosen
            .iter()
            .filter(|chosen| chosen.difference.is_some());
        let validated =
            others.filter_map(|chosen| Some((chosen, self.cell(chosen)?.validation()?.accuracy)));
        let best = validated.max_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(chosen, _)| chosen)
    }

    pub(super) fn chart(&self, language: Language) -> Chart {
        let cells: Vec<_> = self.chosen.iter().filter_map(|c| self.cell(c)).collect();
        let name = |cell: &&Cell<Block>| {
            let Block { block, values } = cell.setting;
            language.pick(
                format!("block {block} ({values})"),
                format!("第 {block} 块（{values}）"),
            )
        };
        Chart {
            title: language
                .pick("Where the features are taken", "特征提取的位置")
                .into(),
            x_label: language
                .pick(
                    "last block that is kept (values an image)",
                    "保留的最后一块（每张图片的特征数）",
                )
                .into(),
            y_label: language.pick("test accuracy", "测试准确率").into(),
            x: Axis::Names(cells.iter().map(name).collect()),
            percent: true,
            series: vec![Series {
                name: language.pick("test accuracy", "测试准确率").into(),
                joined: true,
                points: (0..)
                    .zip(&cells)
                    .map(|(x, cell)| cell.point(f64::from(x)))
                    .collect(),
            }],
        }
    }

    pub(super) fn rows(&self, language: Language) -> Vec<Row> {
        let row = |(place, cell): (usize, &Cell<Block>)| {
            let (block, rate) = (cell.setting.block, cell.training.learning_rate);
            let chosen = self.chosen.iter().any(|chosen| chosen.cell == place);
            let mark = if chosen {
                language.pick(", chosen", "，选定")
            } else {
                ""
            };
            cell.row(language.pick(
                format!("block {block}, rate {rate}{mark}"),
                format!("第 {block} 块，学习率 {rate}{mark}"),
            ))
        };
        self.cells.iter().enumerate().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cell::tests::cell;
    use crate::lab::wording::tests::difference;

    /// Blocks 1 to 5 with these accuracies on the held-out images.
    fn lab(validation: [f64; 5], points: f64) -> Boundary {
        let cells: Vec<_> = (1..)
            .zip(validation)
            .map(|(block, accuracy)| cell(Block { block, values: 512 }, accuracy, 0.95))
            .collect();
        let chosen = (0..5).map(|cell| Chosen {
            cell,
            difference: (cell < 4).then(|| difference(points, 0.0001)),
        });
        Boundary {
            chosen: chosen.collect(),
            best: super::super::best(&cells, |_| true).unwrap(),
            cells,
        }
    }

    #[test]
    fn findings() {
        for (validation, points, language, part) in [
            (
                [0.9, 0.9, 0.99, 0.9, 0.9],
                2.0,
                Language::En,
                "after block 3 (512 values an image), which did best on the held-out images, give 95.00\u{a0}%, which is 2.00 percentage points more than the 95.00\u{a0}% of features after block 5",
            ),
            (
                [0.9, 0.91, 0.9, 0.9, 0.95],
                -2.0,
                Language::En,
                "block 5 did best on the held-out images; those after block 2 (512 values an image), the next best there, give 95.00\u{a0}%, which is 2.00 percentage points less",
            ),
            (
                [0.9, 0.9, 0.9, 0.99, 0.9],
                0.1,
                Language::Zh,
                "第 4 块之后的特征（每张图片 512 个值），其测试准确率为 95.00%，与第 5 块之后的特征的 95.00% 没有明显差异",
            ),
        ] {
            let finding = lab(validation, points).finding(language).unwrap();
            assert!(finding.contains(part), "{part} is missing in {finding}");
        }
    }

    #[test]
    fn a_place_that_is_none_is_no_panic() {
        let mut lab = lab([0.9; 5], 1.0);
        lab.best = 9;
        assert_eq!(lab.finding(Language::En), None);
        lab.chosen[0].cell = 9;
        assert_eq!(lab.chart(Language::En).series[0].points.len(), 4);
        assert_eq!(
            lab.rows(Language::Zh)[1].setting,
            "第 2 块，学习率 0.001，选定"
        );
    }
}
