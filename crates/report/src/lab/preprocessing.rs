//! `preprocessing`: how pixels are scaled, and how large images are made.

use serde::{Deserialize, Serialize};

use super::wording::{method, than};
use super::{Cell, Row};
use crate::chart::{Axis, Chart, Series};
use crate::{Difference, Language, percent};

/// How an image fills the square that the backbone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Zeros around it.
    Pad,
    /// Enlarged, bilinear.
    Resize,
}

/// What the backbone's input ranges over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// 0 to 1.
    Unit,
    /// 0 to 255, blue before green before red, minus `ImageNet`'s mean.
    Caffe,
}

/// How an image became the backbone's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// How it filled the square.
    pub fit: Fit,
    /// The square's side in pixels.
    pub size: usize,
    /// What its values range over.
    pub scaling: Scaling,
}

/// The lab's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Every preparation, with features as they are and standardised.
    pub cells: Vec<Cell<Preparation>>,
    /// Caffe's scaling minus 0 to 1, as the seed recipe has the rest.
    pub scaling: Difference,
    /// The same with standardised features.
    pub scaling_standardised: Difference,
    /// Enlarged to 64 pixels minus enlarged to 32, as the seed recipe has the rest.
    pub size: Difference,
}

const SEED: Preparation = Preparation {
    fit: Fit::Pad,
    size: 32,
    scaling: Scaling::Unit,
};

impl Preparation {
    /// All that are measured: the seed recipe's padding, and three sizes to enlarge to.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let sizes = [
            (Fit::Pad, 32),
            (Fit::Resize, 32),
            (Fit::Resize, 48),
            (Fit::Resize, 64),
        ];
        let scalings = [Scaling::Unit, Scaling::Caffe];
        let with = |scaling| sizes.map(|(fit, size)| Self { fit, size, scaling });
        scalings.into_iter().flat_map(with).collect()
    }

    fn place(self, language: Language) -> String {
        let Self { fit, size, .. } = self;
        match fit {
            Fit::Pad => language.pick(format!("{size} px, padded"), format!("{size} 像素，补零")),
            Fit::Resize => {
                language.pick(format!("{size} px, enlarged"), format!("{size} 像素，放大"))
            }
        }
    }
}

impl Scaling {
    fn name(self, language: Language) -> &'static str {
        match self {
            Self::Unit => language.pick("0..1", "0..1"),
            Self::Caffe => language.pick("caffe", "caffe"),
        }
    }
}

impl Preprocessing {
    fn cell(&self, preparation: Preparation, standardised: bool) -> Option<&Cell<Preparation>> {
        let wanted = |cell: &&Cell<Preparation>| {
            cell.setting == preparation && cell.training.standardised == standardised
        };
        self.cells.iter().find(wanted)
    }

    pub(super) fn finding(&self, language: Language) -> Option<String> {
        let accuracy = |preparation| {
            let cell = self.cell(preparation, false)?;
            Some(percent(cell.accuracy.mean))
        };
        let caffe = accuracy(Preparation {
            scaling: Scaling::Caffe,
            ..SEED
        })?;
        let large = accuracy(Preparation {
            fit: Fit::Resize,
            size: 64,
            ..SEED
        })?;
        let unit = language.pick("0..1 scaling", "0..1 缩放");
        let scaling = than(language, &self.scaling, unit);
        let standardised = than(language, &self.scaling_standardised, unit);
        let size = than(
            language,
            &self.size,
            language.pick("images enlarged to 32", "放大到 32 像素"),
        );
        let method = method(language, &self.scaling);
        Some(language.pick(
            format!(
                "With the seed recipe's head, caffe scaling gives {caffe}, which is {scaling}, and with standardised features it is {standardised}; images enlarged to 64 pixels give {large}, which is {size}{method}."
            ),
            format!(
                "使用种子配方的分类头时，caffe 缩放达到 {caffe}，{scaling}；特征标准化后，caffe 缩放{standardised}；图像放大到 64 像素时达到 {large}，{size}{method}。"
            ),
        ))
    }

    pub(super) fn chart(&self, language: Language) -> Chart {
        let places: Vec<String> = Preparation::all()
            .iter()
            .filter(|preparation| preparation.scaling == Scaling::Unit)
            .map(|preparation| preparation.place(language))
            .collect();
        let series = |(scaling, standardised): (Scaling, bool)| {
            let cells = self.cells.iter().filter(|cell| {
                cell.setting.scaling == scaling && cell.training.standardised == standardised
            });
            let point = |cell: &Cell<Preparation>| {
                let place = cell.setting.place(language);
                let x = (0..).zip(&places).find(|(_, name)| **name == place)?.0;
                Some(cell.point(f64::from(x)))
            };
            Series {
                name: name(language, scaling, standardised),
                joined: true,
                points: cells.filter_map(point).collect(),
            }
        };
        let all = [
            (Scaling::Unit, false),
            (Scaling::Caffe, false),
            (Scaling::Unit, true),
            (Scaling::Caffe, true),
        ];
        Chart {
            title: language
                .pick("Scaling and size of the images", "图像的缩放方式与尺寸")
                .into(),
            x_label: language
                .pick("size of the network's input", "网络输入的尺寸")
                .into(),
            y_label: language.pick("test accuracy", "测试准确率").into(),
            series: all.map(series).into(),
            x: Axis::Names(places),
            percent: true,
        }
    }

    pub(super) fn rows(&self, language: Language) -> Vec<Row> {
        let setting = |cell: &Cell<Preparation>| {
            let place = cell.setting.place(language);
            let name = name(language, cell.setting.scaling, cell.training.standardised);
            language.pick(format!("{place}, {name}"), format!("{place}，{name}"))
        };
        let cells = self.cells.iter();
        cells.map(|cell| cell.row(setting(cell))).collect()
    }
}

fn name(language: Language, scaling: Scaling, standardised: bool) -> String {
    let scaling = scaling.name(language);
    if standardised {
        language.pick(
            format!("{scaling}, standardised features"),
            format!("{scaling}，特征标准化"),
        )
    } else {
        scaling.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cell::tests::cell;
    use crate::lab::wording::tests::difference;

    fn lab(scaling: f64, size: f64) -> Preprocessing {
        let cells = Preparation::all().into_iter().flat_map(|preparation| {
            [false, true].map(|standardised| {
                let mut cell = cell(preparation, 0.9, 0.95);
                cell.training.standardised = standardised;
                cell
            })
        });
        Preprocessing {
            cells: cells.collect(),
            scaling: difference(scaling, 0.0001),
            scaling_standardised: difference(0.1, 0.5),
            size: difference(size, 0.0001),
        }
    }

    #[test]
    fn findings() {
        for (scaling, size, language, parts) in [
            (
                -4.0,
                2.0,
                Language::En,
                [
                    "caffe scaling gives 95.00 %, which is 4.00 percentage points less than 0..1 scaling",
                    "standardised features it is not clearly different from 0..1 scaling",
                    "64 pixels give 95.00 %, which is 2.00 percentage points more than images enlarged to 32",
                ],
            ),
            (
                4.0,
                -2.0,
                Language::Zh,
                [
                    "caffe 缩放达到 95.00 %，比0..1 缩放高 4.00 个百分点",
                    "特征标准化后，caffe 缩放与0..1 缩放没有明显差异",
                    "比放大到 32 像素低 2.00 个百分点",
                ],
            ),
        ] {
            let finding = lab(scaling, size).finding(language).unwrap();
            for part in parts {
                assert!(finding.contains(part), "{part} is missing in {finding}");
            }
        }
    }

    #[test]
    fn four_series_over_four_sizes() {
        let chart = lab(1.0, 1.0).chart(Language::En);
        let xs = |series: &Series| -> Vec<f64> { series.points.iter().map(|p| p.x).collect() };
        assert_eq!(chart.series.len(), 4);
        assert!(chart.series.iter().all(|s| xs(s) == [0.0, 1.0, 2.0, 3.0]));
        assert_eq!(lab(1.0, 1.0).rows(Language::En).len(), 16);
    }
}
