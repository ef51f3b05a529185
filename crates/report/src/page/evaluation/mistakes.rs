//! The most confident mistakes, to look at.

use super::super::block::{Block, Drawing, Figure, Table, Tile, row};
use super::super::picture::ink;
use super::super::run::Run;
use crate::record::{Picture, Tested};
use crate::{MNIST_LABEL_ERRORS, number};

/// How many screen pixels a pixel is.
const SCALE: usize = 2;

pub(super) fn block(run: &Run, test: &Tested) -> Block {
    let (mut tiles, mut rows, mut starred) = (Vec::new(), Vec::new(), false);
    for picture in &test.mistakes {
        let Picture { index, label, .. } = picture;
        let mut predictions = test.predictions.rows.iter();
        let Some(prediction) = predictions.find(|row| row.index == *index) else {
            continue;
        };
        let predicted = prediction.predicted();
        let confidence = run.percent(prediction.confidence());
        let known = run.is_mnist() && MNIST_LABEL_ERRORS.contains(index);
        starred |= known;
        let marked = format!("{label}{}", if known { "*" } else { "" });
        tiles.push(Tile {
            image: ink(&picture.pixels, picture.rows, picture.columns),
            width: picture.columns * SCALE,
            alt: run.pick(
                format!("a {label} taken for a {predicted}"),
                format!("{label} 被认作 {predicted}"),
            ),
            lines: vec![
                format!("{marked} → {predicted}"),
                confidence.clone(),
                format!("#{index}"),
            ],
        });
        rows.push(row![
            index.to_string(),
            marked,
            predicted.to_string(),
            confidence
        ]);
    }
    if tiles.is_empty() {
        return run.text("There are none.", "没有错误。");
    }
    let evaluation = &test.evaluated.evaluation;
    let wrong = number::count(evaluation.n - evaluation.correct);
    let n = number::count(tiles.len());
    let mut caption = run.pick(
        format!("The {n} most confident of {wrong} mistakes: true class → predicted class, the probability given to the predicted class, and the image's place in the test file."),
        format!("{wrong} 个错误中最自信的 {n} 个：真实类别 → 预测类别、预测类别的概率，以及图片在测试文件中的序号。"),
    );
    if starred {
        caption += run.pick(
            " An asterisk marks a label that is known to be wrong.",
            "星号表示标签已知有误。",
        );
    }
    let columns = run.pick(
        "#image | #true | #predicted | #probability",
        "#图片序号 | #真实 | #预测 | #概率",
    );
    Block::Figures(vec![Figure {
        instead: Some(Table::new(&caption, columns, rows)),
        drawing: Drawing::Tiles(tiles),
        caption,
    }])
}
