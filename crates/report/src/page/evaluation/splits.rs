//! Loss and accuracy of every split, of both halves of the test set, and without wrong labels.

use super::super::block::{Block, Row, Table, Tone, row};
use super::super::run::Run;
use crate::record::Tested;
use crate::{Evaluation, MNIST_LABEL_ERRORS, Share, number};

/// How many test images MNIST has: only all of them have the halves that are known.
const MNIST_TEST_IMAGES: u64 = 10_000;

/// The kept head on each split.
pub(super) fn table(run: &Run) -> Table {
    let kept = run.pick("training, kept head", "训练集（保留的分类头）");
    let validation = run.pick("validation", "验证集");
    let mut rows = Vec::new();
    rows.extend(run.train.as_ref().map(|split| row(run, kept, split)));
    rows.extend(
        run.validation
            .as_ref()
            .map(|split| row(run, validation, split)),
    );
    if let Some(test) = run.tested() {
        rows.push(row(run, run.pick("test", "测试集"), test).toned(Tone::Strong));
        let names = run.pick(
            ["test, first half", "test, second half"],
            ["测试集前一半", "测试集后一半"],
        );
        let halves = test.halves.iter().zip(names);
        rows.extend(halves.map(|(half, name)| share(run, name, half, "–".to_owned())));
    }
    let caption = run.pick(
        "The kept head on every split",
        "保留的分类头在各数据集上的结果",
    );
    Table::new(caption, titles(run), rows)
}

fn titles(run: &Run) -> &'static str {
    run.pick(
        "images | #in all | #right | #accuracy | #95 % interval | #loss",
        "图片 | #总数 | #正确 | #准确率 | #95% 置信区间 | #损失",
    )
}

fn row(run: &Run, name: &str, evaluation: &Evaluation) -> Row {
    share(
        run,
        name,
        &evaluation.share(),
        number::loss(evaluation.loss),
    )
}

fn share(run: &Run, name: &str, share: &Share, loss: String) -> Row {
    row![
        name,
        number::count(share.n),
        number::count(share.correct),
        run.percent(share.accuracy),
        run.range(share.interval),
        loss,
    ]
}

/// How training figures here differ from those by epoch, and what is known about the halves.
pub(super) fn text(run: &Run) -> Block {
    let kept = run.pick(
        "The training row is measured with the kept head after training, unlike the figures by epoch, which are measured during training.",
        "表中训练集一行是训练结束后用保留的分类头重新测得的，与每轮在学习过程中测得的数值不同。",
    );
    let whole = run.tested().is_some_and(|test| test.n == MNIST_TEST_IMAGES);
    if !(run.is_mnist() && whole) {
        return run.text(kept, kept);
    }
    let halves = run.pick(
        "MNIST's first 5,000 test images come from other writers than its last 5,000 (high-school students and census employees), so the halves are stated too.",
        "MNIST 测试集的前 5,000 张与后 5,000 张出自不同的书写者（中学生与人口普查局职员），因此分别列出。",
    );
    run.text(format!("{kept} {halves}"), format!("{kept}{halves}"))
}

/// Figures with and without the labels of MNIST that are known to be wrong.
pub(super) fn label_errors(run: &Run, test: &Tested) -> Vec<Block> {
    let without = test.predictions.without_label_errors();
    let Some(rest) = without.evaluate().ok().filter(|_| run.is_mnist()) else {
        return Vec::new();
    };
    let all = &test.evaluated.evaluation;
    let wrong_labels = number::count(all.n - rest.n);
    let missed = number::count((all.n - all.correct) - (rest.n - rest.correct));
    let known = number::count(MNIST_LABEL_ERRORS.len());
    let caption = run.pick(
        "With and without known label errors",
        "含与不含已知错误标签的结果",
    );
    let with = run.pick("all test images", "全部测试图片");
    let without = run.pick("without known label errors", "去掉已知的错误标签");
    let rows = [row(run, with, all), row(run, without, &rest)];
    vec![
        run.text(
            format!("The labels of {known} test images of MNIST are wrong in the eyes of most people who looked (Northcutt, Athalye and Mueller, 2021). {wrong_labels} of them are among these images, and {missed} of them count as mistakes here. This list was used neither to train nor to choose; the table only gives the figures without these images."),
            format!("MNIST 测试集中有 {known} 张图片的标签被多数复核者认为有误（Northcutt、Athalye 与 Mueller，2021）。其中 {wrong_labels} 张在本次评估之内，有 {missed} 张在这里计为错误。训练和选择都没有用到这份名单，下表只列出去掉它们之后的结果。"),
        ),
        Block::Table(Table::new(caption, titles(run), rows)),
    ]
}
