//! Part 4: what the kept head is worth on images that it was never trained on.

mod calibration;
mod classes;
mod mistakes;
mod splits;

use super::block::{Block, Part, code};
use super::run::Run;
use crate::number;
use crate::record::Tested;

pub(super) fn part(run: &Run) -> Part {
    Part {
        anchor: "evaluation",
        title: run.pick("4. Evaluation", "四、模型评估"),
        blocks: match run.test() {
            Some(test) => measured(run, test),
            None => sealed(run),
        },
    }
}

/// What was measured.
fn measured(run: &Run, test: &Tested) -> Vec<Block> {
    let evaluation = &test.evaluated.evaluation;
    let mut blocks = vec![
        opened(run, test),
        Block::Table(splits::table(run)),
        splits::text(run),
    ];
    blocks.extend(splits::label_errors(run, test));
    blocks.push(run.heading("Which classes are confused", "各类的识别情况"));
    blocks.extend(classes::blocks(run, &evaluation.confusion));
    blocks.push(run.heading("The most confident mistakes", "最自信的错误"));
    blocks.push(mistakes::block(run, test));
    blocks.push(run.heading("Calibration", "校准"));
    blocks.extend(calibration::blocks(run, evaluation));
    blocks
}

/// How to measure, and what is known without the test images.
fn sealed(run: &Run) -> Vec<Block> {
    let note = run.pick(
        "Not measured yet: the test images have not been opened. These commands open them and write this report again:",
        "尚未测量：测试集还没有打开。以下命令将打开测试集，并重新生成本报告：",
    );
    vec![
        Block::Note(note.to_owned()),
        Block::Commands(vec![run.command("eval"), run.command("report")]),
        Block::Table(splits::table(run)),
    ]
}

/// When the test set was opened, and on what the figures stand.
fn opened(run: &Run, test: &Tested) -> Block {
    let when = number::moment(test.evaluated.evaluated, run.language);
    let backend = code(&test.evaluated.backend);
    let n = number::count(test.evaluated.evaluation.n);
    run.text(
        format!("The test set was opened for this evaluation on {when}, after training, and the kept head classified its {n} images (backend {backend}). Intervals are Wilson's at 95 %; they hold for new images drawn like these, not for other writers or cameras."),
        format!("测试集于训练结束后的 {when} 打开，用保留的分类头对其中 {n} 张图片分类（后端 {backend}）。区间均为 95% Wilson 置信区间，只适用于与测试集同分布的新图片，不涉及其他来源的图片。"),
    )
}
