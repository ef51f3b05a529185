//! Loss and accuracy of every split, of both halves of the test set, and without wrong labels.

use super::super::block::{Block, Row, Table, Tone};
use super::super::run::Run;
use crate::record::Tested;
use crate::{Evaluation, MNIST_LABEL_ERRORS, Share, number};

/// How many test images MNIST has: only all of them have the halves that are known.
const MNIST_TEST_IMAGES: u64 = 10_000;

/// The kept head on each split.
pub(super) fn table(run: &Run) -> Table {
    let mut rows = Vec::new();
    rows.extend(run.train.as_ref().map(|split| {
        row(
            run,
            run.pick("training, kept head", "训练集（保留的分类头）"),
            split,
        )
    }));
    rows.extend(
        run.validation
            .as_ref()
            .map(|split| row(run, run.pick("validation", "验证集"), split)),
    );
    if let Some(test) = run.test() {
        let evaluation = &test.evaluated.evaluation;
        let whole = row(run, run.pick("test", "测试集"), evaluation);
        rows.push(Row {
            tone: Tone::Strong,
            ..whole
        });
        let names = run.pick(
            ["test, first half", "test, second half"],
            ["测试集前一半", "测试集后一半"],
        );
        rows.extend(
            evaluation
                .halves
                .iter()
                .zip(names)
                .map(|(half, name)| share(run, name, half)),
        );
    }
    Table::plain(
        run.pick(
            "The kept head on every split",
            "保留的分类头在各数据集上的结果",
        ),
        &columns(run),
        rows,
    )
}

fn columns(run: &Run) -> [&'static str; 6] {
    run.pick(
        [
            "images",
            "#in all",
            "#right",
            "#accuracy",
            "#95 % interval",
            "#loss",
        ],
        [
            "图片",
            "#总数",
            "#正确",
            "#准确率",
            "#95% 置信区间",
            "#损失",
        ],
    )
}

fn row(run: &Run, name: &str, e: &Evaluation) -> Row {
    let range = number::range(e.interval, run.language);
    Row::plain([
        name.to_owned(),
        number::count(e.n),
        number::count(e.correct),
        run.percent(e.accuracy),
        range,
        number::loss(e.loss),
    ])
}

fn share(run: &Run, name: &str, e: &Share) -> Row {
    let range = number::range(e.interval, run.language);
    Row::plain([
        name.to_owned(),
        number::count(e.n),
        number::count(e.correct),
        run.percent(e.accuracy),
        range,
        "–".to_owned(),
    ])
}

/// How training figures here differ from those by epoch, and what is known about the halves.
pub(super) fn text(run: &Run) -> String {
    let kept = run.pick(
        "The training row is the kept head over all training images after it had learned, unlike the figures by epoch, which are measured on the way.",
        "表中训练集一行是训练结束后用保留的分类头重新测得的，与每轮在学习过程中测得的数值不同。",
    );
    let whole = run
        .test()
        .is_some_and(|test| test.evaluated.evaluation.n == MNIST_TEST_IMAGES);
    if !(run.is_mnist() && whole) {
        return kept.to_owned();
    }
    let halves = run.pick(
        "MNIST's first 5,000 test images come from other writers than its last 5,000 (high-school students and census employees), so the halves are stated too.",
        "MNIST 测试集的前 5,000 张与后 5,000 张出自不同的书写者（中学生与人口普查局职员），因此分别列出。",
    );
    run.pick(format!("{kept} {halves}"), format!("{kept}{halves}"))
}

/// Figures with and without the labels of MNIST that are known to be wrong.
pub(super) fn label_errors(run: &Run, test: &Tested) -> Vec<Block> {
    let without = test.predictions.without_label_errors();
    let Some(evaluation) = without.evaluate().ok().filter(|_| run.is_mnist()) else {
        return Vec::new();
    };
    let wrong_labels = number::count(test.predictions.rows.len() - without.rows.len());
    let missed = number::count(
        (test.evaluated.evaluation.n - test.evaluated.evaluation.correct)
            - (evaluation.n - evaluation.correct),
    );
    let known = number::count(MNIST_LABEL_ERRORS.len());
    let sentences = run.pick(
        format!("The labels of {known} test images of MNIST are wrong in the eyes of most people who looked (Northcutt, Athalye and Mueller, 2021). {wrong_labels} of them are among these images, and {missed} of them count as mistakes here. They played no part in training or choosing; the table only states the figures without them."),
        format!("MNIST 测试集中有 {known} 张图片的标签被多数复核者认为有误（Northcutt、Athalye 与 Mueller，2021）。其中 {wrong_labels} 张在本次评估之内，有 {missed} 张在这里计为错误。训练和选择都没有用到这份名单，下表只列出去掉它们之后的结果。"),
    );
    let rows = vec![
        row(
            run,
            run.pick("all test images", "全部测试图片"),
            &test.evaluated.evaluation,
        ),
        row(
            run,
            run.pick("without known label errors", "去掉已知的错误标签"),
            &evaluation,
        ),
    ];
    let caption = run.pick(
        "With and without known label errors",
        "含与不含已知错误标签的结果",
    );
    vec![
        Block::Text(sentences),
        Block::Table(Table::plain(caption, &columns(run), rows)),
    ]
}
