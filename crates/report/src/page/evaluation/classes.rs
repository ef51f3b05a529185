//! The confusion matrix and the figures of every class.

use super::super::block::{Block, Drawing, Figure, Row, Table, Tone, row};
use super::super::run::Run;
use crate::chart::confusion_svg;
use crate::count::ratio;
use crate::{Confusion, number, wilson};

/// How many of the most frequent confusions are named.
const NAMED: usize = 3;

pub(super) fn blocks(run: &Run, confusion: &Confusion) -> Vec<Block> {
    let figure = Figure {
        caption: run.pick(
            "Confusion matrix: images of each true class (rows) by predicted class (columns). Correct predictions are framed in blue; the larger a mistake's share of its row, the stronger its colour.",
            "混淆矩阵：行为真实类别，列为预测类别。蓝框为正确；错误占该行的比例越大，颜色越浓。",
        ).into(),
        drawing: Drawing::Svg(confusion_svg(confusion, run.language)),
        instead: Some(matrix(run, confusion)),
    };
    let mut blocks = vec![Block::Figures(vec![figure])];
    blocks.extend(most_frequent(run, confusion));
    blocks.push(Block::Table(table(run, confusion)));
    blocks
}

fn most_frequent(run: &Run, confusion: &Confusion) -> Option<Block> {
    let named = confusion.mistakes().into_iter().take(NAMED);
    let named = named.map(|(count, truth, predicted)| {
        let count = number::count(count);
        run.pick(
            format!("{truth} for {predicted} ({count} times)"),
            format!("把 {truth} 认作 {predicted}（{count} 次）"),
        )
    });
    let named: Vec<String> = named.collect();
    let list = named.join(run.pick(", ", "，"));
    (!named.is_empty()).then(|| {
        run.text(
            format!("The most frequent mistakes are to take {list}."),
            format!("最常见的错误是{list}。"),
        )
    })
}

/// Recall, precision and F1 of every class.
fn table(run: &Run, confusion: &Confusion) -> Table {
    let share = |part: u64, whole: u64| match ratio(part, whole) {
        Some(share) => run.percent(share),
        None => "–".to_owned(),
    };
    let rows = (0..confusion.classes()).map(|class| {
        let right = confusion.count(class, class);
        let (images, predicted) = (confusion.images(class), confusion.predicted(class));
        row![
            class.to_string(),
            number::count(images),
            number::count(right),
            share(right, images),
            run.range(wilson(right, images)),
            share(right, predicted),
            share(2 * right, images + predicted),
        ]
    });
    let titles = run.pick(
        "class | #images | #right | #recall | #95 % interval | #precision | #F1",
        "类别 | #图片数 | #正确 | #召回率 | #95% 置信区间 | #精确率 | #F1",
    );
    let caption = run.pick(
        "Every class: recall is the share of its images that were recognised, precision the share of its predictions that were correct, F1 their harmonic mean",
        "各类指标：召回率为该类图片中被识别出的比例，精确率为预测为该类者中正确的比例，F1 为二者的调和平均",
    );
    Table::new(caption, titles, rows)
}

/// The matrix as a table.
fn matrix(run: &Run, confusion: &Confusion) -> Table {
    let classes = 0..confusion.classes();
    let titles = classes.clone().map(|class| format!("#{class}"));
    let first = run.pick("true \\ predicted", "真实 \\ 预测").to_owned();
    let row = |truth: usize| {
        let counts = classes.clone().map(|class| confusion.count(truth, class));
        let cells = [truth.to_string()].into_iter();
        Row {
            cells: cells.chain(counts.map(number::count)).collect(),
            tone: Tone::Plain,
        }
    };
    Table {
        caption: run.pick("Confusion matrix", "混淆矩阵").into(),
        columns: [first].into_iter().chain(titles).collect(),
        rows: classes.clone().map(row).collect(),
    }
}
