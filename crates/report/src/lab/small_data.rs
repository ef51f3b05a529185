//! `small-data`: what the pretrained weights are worth where there are few images to learn from.

use serde::{Deserialize, Serialize};

use super::wording::{method, than};
use super::{Cell, Row};
use crate::chart::{Axis, Chart, Series};
use crate::{Difference, Language, percent};

/// What a head was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Features of the frozen VGG16 with its weights from ImageNet.
    Pretrained,
    /// Features of the same network with random weights.
    Untrained,
    /// The images' pixels themselves.
    Pixels,
}

/// A cell's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What the head saw of an image.
    pub input: Input,
    /// Training images of each class.
    pub per_class: usize,
}

/// Pretrained features against something else, with as many and the same images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Training images of each class.
    pub per_class: usize,
    /// What they are compared with.
    pub other: Input,
    /// Pretrained minus the other.
    pub difference: Difference,
}

/// The lab's result. A training's seed is the number of the draw of its images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmallData {
    /// Every input with every number of images.
    pub cells: Vec<Cell<Shown>>,
    /// Pretrained features against the others, with every number of images.
    pub differences: Vec<Against>,
}

/// The number of images a class that the finding begins with, where it was measured.
const FEW: usize = 10;

impl Input {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pretrained, Self::Untrained, Self::Pixels];

    /// Its name, within a sentence.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        match self {
            Self::Pretrained => language.pick("a pretrained VGG16", "预训练的 VGG16"),
            Self::Untrained => language.pick("an untrained VGG16", "未经训练的 VGG16"),
            Self::Pixels => language.pick("raw pixels", "原始像素"),
        }
    }
}

impl SmallData {
    pub(super) fn finding(&self, language: Language) -> Option<String> {
        let (few, many) = self.ends()?;
        let first = self.clause(language, few)?;
        let shared = &self.differences.first()?.difference;
        let method = method(language, shared);
        Some(if few == many {
            language.pick(
                format!("With {first}{method}."),
                format!("{first}{method}。"),
            )
        } else {
            let second = self.clause(language, many)?;
            language.pick(
                format!("With {first}; with {second}{method}."),
                format!("{first}；{second}{method}。"),
            )
        })
    }

    /// Few images and as many as there were.
    fn ends(&self) -> Option<(usize, usize)> {
        let sizes = || self.differences.iter().map(|against| against.per_class);
        let few = sizes().filter(|size| *size <= FEW).max();
        Some((few.or_else(|| sizes().min())?, sizes().max()?))
    }

    /// How the three compare with `per_class` images.
    fn clause(&self, language: Language, per_class: usize) -> Option<String> {
        let shown = Shown {
            input: Input::Pretrained,
            per_class,
        };
        let cell = self.cells.iter().find(|cell| cell.setting == shown)?;
        let against = |other: Input| {
            let mut found = self.differences.iter();
            let found = found.find(|a| a.per_class == per_class && a.other == other)?;
            Some(than(language, &found.difference, other.name(language)))
        };
        let (pixels, untrained) = (against(Input::Pixels)?, against(Input::Untrained)?);
        let accuracy = percent(cell.accuracy.mean);
        let images = if per_class == 1 { "image" } else { "images" };
        Some(language.pick(
            format!(
                "{per_class} training {images} a class, features of the pretrained VGG16 give {accuracy}, which is {pixels} and {untrained}"
            ),
            format!(
                "每类 {per_class} 张训练图像时，预训练 VGG16 的特征达到 {accuracy}，{pixels}，{untrained}"
            ),
        ))
    }

    pub(super) fn chart(&self, language: Language) -> Chart {
        let series = |input: Input| Series {
            name: input.name(language).into(),
            joined: true,
            points: self
                .cells
                .iter()
                .filter(|cell| cell.setting.input == input)
                .map(|cell| cell.point(as_number(cell.setting.per_class)))
                .collect(),
        };
        Chart {
            title: language
                .pick("Learning from few images", "少量图像下的学习效果")
                .into(),
            x_label: language
                .pick("training images a class", "每类训练图像数")
                .into(),
            y_label: language.pick("test accuracy", "测试准确率").into(),
            x: Axis::Logarithmic,
            percent: true,
            series: Input::ALL.map(series).into(),
        }
    }

    pub(super) fn rows(&self, language: Language) -> Vec<Row> {
        let setting = |Shown { input, per_class }: Shown| {
            let name = input.name(language);
            language.pick(
                format!("{name}, {per_class} a class"),
                format!("{name}，每类 {per_class} 张"),
            )
        };
        let cells = self.cells.iter();
        cells.map(|cell| cell.row(setting(cell.setting))).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of images are small")]
fn as_number(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cell::tests::cell;
    use crate::lab::wording::tests::difference;

    fn lab(sizes: &[usize], points: f64) -> SmallData {
        let cells = sizes.iter().flat_map(|per_class| {
            Input::ALL.map(|input| {
                let per_class = *per_class;
                cell(Shown { input, per_class }, 0.9, 0.8)
            })
        });
        let differences = sizes.iter().flat_map(|per_class| {
            [Input::Untrained, Input::Pixels].map(|other| Against {
                per_class: *per_class,
                other,
                difference: difference(points, 0.0001),
            })
        });
        SmallData {
            cells: cells.collect(),
            differences: differences.collect(),
        }
    }

    #[test]
    fn findings() {
        for (sizes, points, language, parts) in [
            (
                &[1, 10, 500][..],
                3.0,
                Language::En,
                &[
                    "With 10 training images a class",
                    "give 80.00 %, which is 3.00 percentage points more than raw pixels",
                    "and 3.00 percentage points more than an untrained VGG16",
                    "; with 500 training images",
                ][..],
            ),
            (
                &[1][..],
                -3.0,
                Language::En,
                &[
                    "With 1 training image a class",
                    "3.00 percentage points less than raw pixels",
                ][..],
            ),
            (
                &[1, 5][..],
                0.1,
                Language::Zh,
                &[
                    "每类 5 张训练图像时",
                    "与原始像素没有明显差异（+0.10 个百分点",
                ][..],
            ),
        ] {
            let finding = lab(sizes, points).finding(language).unwrap();
            for part in parts {
                assert!(finding.contains(part), "{part} is missing in {finding}");
            }
            assert!(finding.ends_with(language.pick(").", "）。")), "{finding}");
        }
        assert_eq!(lab(&[], 0.0).finding(Language::En), None);
    }

    #[test]
    fn a_point_and_a_row_a_cell() {
        let lab = lab(&[1, 10], 1.0);
        let chart = lab.chart(Language::En);
        let points: Vec<usize> = chart.series.iter().map(|s| s.points.len()).collect();
        assert_eq!(points, [2, 2, 2]);
        let rows = lab.rows(Language::Zh);
        assert_eq!(rows.len(), 6);
        assert_eq!(rows[5].setting, "原始像素，每类 10 张");
    }
}
