//! `preprocessing`: how pixels are scaled, and how large images are made.

use serde::{Deserialize, Serialize};

use super::wording::{method, than};
use super::{Cell, Preparation, Row, Scaling};
use crate::chart::{Axis, Chart, Series};
use crate::{Difference, Language, number};

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
            Some(number::percent(cell.accuracy.mean, language))
        };
        let seed = accuracy(Preparation::SEED)?;
        let caffe = accuracy(Preparation::SEED.scaled(Scaling::Caffe))?;
        let small = accuracy(Preparation::SEED.enlarged(32))?;
        let large = accuracy(Preparation::SEED.enlarged(64))?;
        let unit = language.pick(
            format!("the {seed} of 0..1 scaling"),
            format!("0..1 缩放的 {seed} "),
        );
        let scaling = than(language, &self.scaling, &unit);
        let unit = language.pick("0..1 scaling", "0..1 缩放");
        let standardised = than(language, &self.scaling_standardised, unit);
        let enlarged = language.pick(
            format!("the {small} of images enlarged to 32"),
            format!("放大到 32 像素的 {small} "),
        );
        let size = than(language, &self.size, &enlarged);
        let method = method(language, &self.scaling);
        Some(language.pick(
            format!(
                "With the seed recipe's head, caffe scaling gives {caffe}, which is {scaling}, and with standardised features it is {standardised}; images enlarged to 64 pixels give {large}, which is {size}{method}."
            ),
            format!(
                "使用种子配方的分类头时，caffe 缩放达到 {caffe}，{scaling}；特征标准化后，caffe 缩放{standardised}；图片放大到 64 像素时达到 {large}，{size}{method}。"
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
                .pick("Scaling and size of the images", "图片的缩放方式与尺寸")
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
                    "caffe scaling gives 95.00\u{a0}%, which is 4.00 percentage points less than the 95.00\u{a0}% of 0..1 scaling",
                    "standardised features it is not clearly different from 0..1 scaling",
                    "64 pixels give 95.00\u{a0}%, which is 2.00 percentage points more than the 95.00\u{a0}% of images enlarged to 32",
                ],
            ),
            (
                4.0,
                -2.0,
                Language::Zh,
                [
                    "caffe 缩放达到 95.00%，比 0..1 缩放的 95.00% 高 4.00 个百分点",
                    "特征标准化后，caffe 缩放与 0..1 缩放没有明显差异",
                    "比放大到 32 像素的 95.00% 低 2.00 个百分点",
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
