//! The most confident mistakes, to look at.

use super::super::block::{Block, Drawing, Figure, Row, Table, Tile};
use super::super::picture::ink;
use super::super::run::Run;
use crate::record::{Picture, Prediction, Tested};
use crate::{MNIST_LABEL_ERRORS, number};

/// How many screen pixels a pixel is.
const SCALE: usize = 2;

pub(super) fn blocks(run: &Run, test: &Tested) -> Vec<Block> {
    let shown: Vec<(&Picture, &Prediction)> = test
        .mistakes
        .iter()
        .filter_map(|picture| {
            let row = test
                .predictions
                .rows
                .iter()
                .find(|row| row.index == picture.index)?;
            Some((picture, row))
        })
        .collect();
    let evaluation = &test.evaluated.evaluation;
    let wrong = number::count(evaluation.n - evaluation.correct);
    if shown.is_empty() {
        return vec![Block::Text(
            run.pick("There are none.", "没有错误。").into(),
        )];
    }
    let n = number::count(shown.len());
    let mut caption = run.pick(
        format!("The {n} most confident of {wrong} mistakes: true class → predicted class, the probability given to the predicted class, and the image's place in the test file."),
        format!("{wrong} 个错误中最自信的 {n} 个：真实类别 → 预测类别、预测类别的概率，以及图片在测试文件中的序号。"),
    );
    let marked = |picture: &Picture| run.is_mnist() && MNIST_LABEL_ERRORS.contains(&picture.index);
    if shown.iter().any(|(picture, _)| marked(picture)) {
        caption += run.pick(
            " An asterisk marks a label that is known to be wrong.",
            "星号表示标签已知有误。",
        );
    }
    let star = |picture: &Picture| if marked(picture) { "*" } else { "" };
    let tile = |(picture, row): &(&Picture, &Prediction)| Tile {
        image: ink(&picture.pixels, picture.rows, picture.columns),
        width: picture.columns * SCALE,
        alt: run.pick(
            format!("a {} taken for a {}", picture.label, row.predicted()),
            format!("{} 被认作 {}", picture.label, row.predicted()),
        ),
        lines: vec![
            format!("{}{} → {}", picture.label, star(picture), row.predicted()),
            run.percent(row.confidence()),
            format!("#{}", picture.index),
        ],
    };
    let rows = shown.iter().map(|(picture, row)| {
        Row::plain([
            picture.index.to_string(),
            format!("{}{}", picture.label, star(picture)),
            row.predicted().to_string(),
            run.percent(row.confidence()),
        ])
    });
    let columns = run.pick(
        ["#image", "#true", "#predicted", "#probability"],
        ["#图片序号", "#真实", "#预测", "#概率"],
    );
    vec![Block::Figures(vec![Figure {
        drawing: Drawing::Tiles(shown.iter().map(tile).collect()),
        instead: Some(Table::plain(&caption, &columns, rows.collect())),
        caption,
    }])]
}
