//! The confusion matrix and the figures of every class.

use super::super::block::{Block, Drawing, Figure, Row, Table};
use super::super::run::Run;
use crate::chart::confusion_svg;
use crate::confusion::ratio;
use crate::{Confusion, Evaluation, number, wilson};

/// How many of the most frequent confusions are named.
const NAMED: usize = 3;

pub(super) fn blocks(run: &Run, evaluation: &Evaluation) -> Vec<Block> {
    let confusion = &evaluation.confusion;
    let figure = Figure {
        caption: run.pick(
            "Confusion matrix: images of each true class (rows) by predicted class (columns). What is right is framed in blue; mistakes are coloured the more strongly, the larger their share of the row.",
            "混淆矩阵：行为真实类别，列为预测类别。蓝框为正确；错误占该行的比例越大，颜色越浓。",
        ).into(),
        drawing: Drawing::Svg(confusion_svg(confusion, run.language)),
        instead: Some(matrix(run, confusion)),
    };
    let mut blocks = vec![Block::Figures(vec![figure])];
    blocks.extend(most_frequent(run, confusion).map(Block::Text));
    blocks.push(Block::Table(table(run, confusion)));
    blocks
}

/// The confusions with the most images, as `(images, true, predicted)`.
pub(in crate::page) fn confusions(confusion: &Confusion) -> Vec<(u64, usize, usize)> {
    let classes = 0..confusion.classes();
    let cells = classes
        .clone()
        .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)));
    let cells = cells.filter(|(truth, predicted)| truth != predicted);
    let mut cells: Vec<_> = cells
        .map(|(truth, predicted)| (confusion.count(truth, predicted), truth, predicted))
        .collect();
    cells.retain(|(count, ..)| *count > 0);
    cells.sort_by_key(|(count, truth, predicted)| (u64::MAX - count, *truth, *predicted));
    cells
}

fn most_frequent(run: &Run, confusion: &Confusion) -> Option<String> {
    let named = confusions(confusion)
        .into_iter()
        .take(NAMED)
        .map(|(count, truth, predicted)| {
            let count = number::count(count);
            run.pick(
                format!("{truth} for {predicted} ({count} times)"),
                format!("把 {truth} 认作 {predicted}（{count} 次）"),
            )
        });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return None;
    }
    let list = named.join(run.pick(", ", "，"));
    Some(run.pick(
        format!("The most frequent mistakes are to take {list}."),
        format!("最常见的错误是{list}。"),
    ))
}

/// Recall, precision and F1 of every class.
fn table(run: &Run, confusion: &Confusion) -> Table {
    let classes = 0..confusion.classes();
    let share =
        |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| run.percent(share));
    let rows = classes.clone().map(|class| {
        let right = confusion.count(class, class);
        let images: u64 = classes
            .clone()
            .map(|other| confusion.count(class, other))
            .sum();
        let predicted: u64 = classes
            .clone()
            .map(|other| confusion.count(other, class))
            .sum();
        Row::plain([
            class.to_string(),
            number::count(images),
            number::count(right),
            share(ratio(right, images)),
            number::range(wilson(right, images), run.language),
            share(ratio(right, predicted)),
            share(ratio(2 * right, images + predicted)),
        ])
    });
    let columns = run.pick(
        [
            "class",
            "#images",
            "#right",
            "#recall",
            "#95 % interval",
            "#precision",
            "#F1",
        ],
        [
            "类别",
            "#图片数",
            "#正确",
            "#召回率",
            "#95% 置信区间",
            "#精确率",
            "#F1",
        ],
    );
    let caption = run.pick(
        "Every class: recall is the share of its images that were found, precision the share of its predictions that were right, F1 their harmonic mean",
        "各类指标：召回率为该类图片中被识别出的比例，精确率为预测为该类者中正确的比例，F1 为二者的调和平均",
    );
    Table::plain(caption, &columns, rows.collect())
}

/// The matrix as a table.
fn matrix(run: &Run, confusion: &Confusion) -> Table {
    let classes = 0..confusion.classes();
    let mut columns = vec![run.pick("true \\ predicted", "真实 \\ 预测").to_owned()];
    columns.extend(classes.clone().map(|class| format!("#{class}")));
    let row = |truth: usize| {
        let counts = classes
            .clone()
            .map(|predicted| number::count(confusion.count(truth, predicted)));
        Row::plain(std::iter::once(truth.to_string()).chain(counts))
    };
    Table {
        caption: run.pick("Confusion matrix", "混淆矩阵").into(),
        rows: classes.clone().map(row).collect(),
        columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_confusion_comes_first() {
        let mut confusion = Confusion::new(3);
        for (truth, predicted) in [(0, 0), (2, 1), (0, 2), (0, 2)] {
            confusion.add(truth, predicted);
        }
        assert_eq!(confusions(&confusion), [(2, 0, 2), (1, 2, 1)]);
    }
}
