//! Loss and accuracy, epoch by epoch.

use super::super::block::{Block, Drawing, Figure, Table, Tone, row};
use super::super::run::Run;
use crate::chart::{Axis, Chart, Point, Series, svg};
use crate::count::float;
use crate::number;
use crate::record::{Epoch, Scores};

pub(super) fn blocks(run: &Run) -> [Block; 4] {
    [
        run.heading("Curves", "训练曲线"),
        text(run),
        Block::Figures(vec![curve(run, false), curve(run, true)]),
        Block::Table(epochs(run)),
    ]
}

fn text(run: &Run) -> Block {
    let kept = number::count(run.record.manifest.kept_epoch);
    let why = match run.word("training.keep") {
        "best" => run.pick("which had the lowest validation loss", "其验证损失最低"),
        _ => run.pick("the last", "即最后一轮"),
    };
    run.text(
        format!("Training loss and accuracy are measured during the epoch, as Keras does, so early batches meet a worse head than late ones. Validation is measured after the epoch and can therefore be better. The weights that were kept are those of epoch {kept}, {why}."),
        format!("训练集的损失和准确率是在学习过程中测得的（与 Keras 相同）：一轮之中，靠前的批次遇到的是较差的分类头；验证集则在该轮结束后测量，因此可能更好。最终保留第 {kept} 轮的权重，{why}。"),
    )
}

/// Loss or accuracy over the epochs.
fn curve(run: &Run, accuracy: bool) -> Figure {
    let series = |name: &str, scores: fn(&Epoch) -> Option<Scores>| {
        let point = |epoch: &Epoch| {
            let Scores {
                loss,
                accuracy: share,
            } = scores(epoch)?;
            Some(Point {
                x: float(epoch.epoch),
                y: if accuracy { share } else { loss },
                interval: None,
            })
        };
        Series {
            name: name.into(),
            joined: true,
            points: run.record.epochs.iter().filter_map(point).collect(),
        }
    };
    let mut all = vec![
        series(run.pick("training", "训练集"), |epoch| Some(epoch.train)),
        series(run.pick("validation", "验证集"), |epoch| {
            epoch.validation
        }),
    ];
    if all[1].points.is_empty() {
        all.truncate(1);
    }
    let (title, y_label) = if accuracy {
        run.pick(
            ("Accuracy by epoch.", "accuracy"),
            ("每轮的准确率。", "准确率"),
        )
    } else {
        run.pick(
            ("Loss by epoch.", "cross-entropy (nats)"),
            ("每轮的损失。", "交叉熵（nat）"),
        )
    };
    let chart = Chart {
        title: title.into(),
        x_label: run.pick("epoch", "轮（epoch）").into(),
        y_label: y_label.into(),
        x: Axis::Linear,
        percent: accuracy,
        series: all,
    };
    Figure::new(title, Drawing::Svg(svg(&chart, run.language)))
}

fn epochs(run: &Run) -> Table {
    let scores = |scores: Option<Scores>| match scores {
        Some(Scores { loss, accuracy }) => [number::loss(loss), run.percent(accuracy)],
        None => ["–".to_owned(), "–".to_owned()],
    };
    let rows = run.record.epochs.iter().map(|epoch| {
        let [loss, accuracy] = scores(Some(epoch.train));
        let [validation_loss, validation_accuracy] = scores(epoch.validation);
        let number = number::count(epoch.epoch);
        let time = run.seconds(epoch.seconds);
        let row = row![
            number,
            loss,
            accuracy,
            validation_loss,
            validation_accuracy,
            time
        ];
        let kept = epoch.epoch == run.record.manifest.kept_epoch;
        row.toned(if kept { Tone::Strong } else { Tone::Plain })
    });
    let titles = run.pick(
        "#epoch | #training loss | #training accuracy | #validation loss | #validation accuracy | #time",
        "#轮 | #训练损失 | #训练准确率 | #验证损失 | #验证准确率 | #用时",
    );
    let caption = run.pick(
        "Every epoch; the one whose weights were kept is bold",
        "每轮的结果（粗体为保留的一轮）",
    );
    Table::new(caption, titles, rows)
}
