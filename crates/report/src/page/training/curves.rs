//! Loss and accuracy, epoch by epoch.

use super::super::block::{Block, Drawing, Figure, Row, Table, Tone};
use super::super::run::Run;
use crate::chart::{Axis, Chart, Point, Series, svg};
use crate::number;
use crate::record::Scores;

pub(super) fn blocks(run: &Run) -> [Block; 4] {
    [
        run.heading("Curves", "训练曲线"),
        Block::Text(text(run)),
        Block::Figures(vec![curve(run, false), curve(run, true)]),
        Block::Table(epochs(run)),
    ]
}

fn text(run: &Run) -> String {
    let kept = number::count(run.record.manifest.kept_epoch);
    let why = match run.word("training.keep") {
        "best" => run.pick("which had the lowest validation loss", "其验证损失最低"),
        _ => run.pick("the last", "即最后一轮"),
    };
    run.pick(
        format!("Training figures are measured while the head learns, as Keras does: early batches of an epoch met a worse head than late ones. Validation figures are measured after the epoch, so they can be the better ones. The weights that were kept are those of epoch {kept}, {why}."),
        format!("训练集的损失和准确率是在学习过程中测得的（与 Keras 相同）：一轮之中，靠前的批次遇到的是较差的分类头；验证集则在该轮结束后测量，因此可能更好。最终保留第 {kept} 轮的权重，{why}。"),
    )
}

/// Loss or accuracy over the epochs.
fn curve(run: &Run, accuracy: bool) -> Figure {
    let pick = |scores: Scores| {
        if accuracy {
            scores.accuracy
        } else {
            scores.loss
        }
    };
    let point = |epoch: usize, y: f64| Point {
        x: f64::from(u32::try_from(epoch).unwrap_or(u32::MAX)),
        y,
        interval: None,
    };
    let epochs = &run.record.epochs;
    let mut series = vec![Series {
        name: run.pick("training", "训练集").into(),
        joined: true,
        points: epochs
            .iter()
            .map(|epoch| point(epoch.epoch, pick(epoch.train)))
            .collect(),
    }];
    let validated = epochs
        .iter()
        .filter_map(|epoch| Some(point(epoch.epoch, pick(epoch.validation?))));
    let validated: Vec<Point> = validated.collect();
    if !validated.is_empty() {
        series.push(Series {
            name: run.pick("validation", "验证集").into(),
            joined: true,
            points: validated,
        });
    }
    let (title, y_label) = if accuracy {
        (
            run.pick("Accuracy by epoch.", "每轮的准确率。"),
            run.pick("accuracy", "准确率"),
        )
    } else {
        (
            run.pick("Loss by epoch.", "每轮的损失。"),
            run.pick("cross-entropy (nats)", "交叉熵（nat）"),
        )
    };
    let chart = Chart {
        title: title.into(),
        x_label: run.pick("epoch", "轮（epoch）").into(),
        y_label: y_label.into(),
        x: Axis::Linear,
        percent: accuracy,
        series,
    };
    Figure {
        caption: title.into(),
        drawing: Drawing::Svg(svg(&chart, run.language)),
        instead: None,
    }
}

fn epochs(run: &Run) -> Table {
    let scores = |scores: Option<Scores>| match scores {
        Some(Scores { loss, accuracy }) => [number::loss(loss), run.percent(accuracy)],
        None => ["–".to_owned(), "–".to_owned()],
    };
    let rows = run.record.epochs.iter().map(|epoch| {
        let mut cells = vec![number::count(epoch.epoch)];
        cells.extend(scores(Some(epoch.train)));
        cells.extend(scores(epoch.validation));
        cells.push(run.seconds(epoch.seconds));
        let kept = epoch.epoch == run.record.manifest.kept_epoch;
        Row {
            cells,
            tone: if kept { Tone::Strong } else { Tone::Plain },
        }
    });
    let columns = run.pick(
        [
            "#epoch",
            "#training loss",
            "#training accuracy",
            "#validation loss",
            "#validation accuracy",
            "#time",
        ],
        [
            "#轮",
            "#训练损失",
            "#训练准确率",
            "#验证损失",
            "#验证准确率",
            "#用时",
        ],
    );
    Table::plain(
        run.pick(
            "Every epoch; the one that was kept in bold",
            "每轮的结果（粗体为保留的一轮）",
        ),
        &columns,
        rows.collect(),
    )
}
