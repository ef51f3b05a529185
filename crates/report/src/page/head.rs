//! The page's head: what was run, when and on what, and the three figures that matter.

use super::Options;
use super::block::code;
use super::run::Run;
use crate::record::Part as Fate;
use crate::{Evaluation, number};

/// What stands above the parts.
pub(super) struct Head {
    pub(super) kind: &'static str,
    pub(super) title: String,
    /// The run's name.
    pub(super) name: String,
    pub(super) facts: Vec<String>,
    pub(super) figures: Vec<Key>,
    pub(super) summary: String,
    /// What is missing, if anything is.
    pub(super) notice: Option<String>,
}

/// A figure that matters.
pub(super) struct Key {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) detail: String,
}

pub(super) fn head(run: &Run, options: &Options) -> Head {
    let manifest = &run.record.manifest;
    let network = &manifest.network;
    let title = if run.is_mnist() {
        run.pick(
            format!("Recognising handwritten digits with a pretrained {network}"),
            format!("基于 {network} 迁移学习的手写数字识别"),
        )
    } else {
        run.pick(
            format!("Recognising images with a pretrained {network}"),
            format!("基于 {network} 迁移学习的图像分类"),
        )
    };
    let recipe = code(&manifest.recipe);
    let author = options.author.iter();
    let facts = author.map(|author| author.replace('`', "'")).chain([
        number::moment(manifest.started, run.language),
        machine(run),
        run.pick(format!("recipe {recipe}"), format!("配方 {recipe}")),
    ]);
    let sealed = run.pick(
        "The test images have not been opened yet, so this report has no test figures; part 4 says how to get them.",
        "测试集尚未打开，因此本报告还没有测试结果；取得方法见第四部分。",
    );
    Head {
        kind: run.pick("Lab report", "实验报告"),
        title,
        name: run.name(),
        facts: facts.collect(),
        figures: figures(run),
        summary: summary(run),
        notice: run.test().is_none().then(|| sealed.to_owned()),
    }
}

/// CPU or GPU, and threads.
pub(super) fn machine(run: &Run) -> String {
    let machine = &run.record.manifest.machine;
    let name = machine.adapter.as_ref().or(machine.processor.as_ref());
    let name = name.unwrap_or(&machine.system).replace('`', "'");
    let threads = number::count(machine.threads);
    run.pick(
        format!("{name}, {threads} threads"),
        format!("{name}，{threads} 线程"),
    )
}

/// Accuracy and loss on the best images there are, and the time.
fn figures(run: &Run) -> Vec<Key> {
    let (split, evaluation) = if let Some(test) = run.tested() {
        (run.pick("Test", "测试"), Some(test))
    } else if let Some(validation) = &run.validation {
        (run.pick("Validation", "验证"), Some(validation))
    } else {
        (run.pick("Training", "训练"), run.train.as_ref())
    };
    let mut figures = Vec::new();
    if let Some(evaluation) = evaluation {
        let Evaluation { n, correct, .. } = evaluation;
        let (right, n) = (number::count(*correct), number::count(*n));
        let range = run.range(evaluation.interval);
        figures.push(Key {
            label: run.pick(format!("{split} accuracy"), format!("{split}准确率")),
            value: run.percent(evaluation.accuracy),
            detail: run.pick(
                format!("95 % interval {range}; {right} of {n} correct"),
                format!("95% 置信区间 {range}；{n} 张中正确 {right} 张"),
            ),
        });
        let detail = run.pick("mean cross-entropy of an image", "每张图片的平均交叉熵");
        figures.push(Key {
            label: run.pick(format!("{split} loss"), format!("{split}损失")),
            value: number::loss(evaluation.loss),
            detail: detail.to_owned(),
        });
    }
    let stages = &run.record.manifest.stages;
    let (features, head) = (run.seconds(stages.features), run.seconds(stages.head));
    figures.push(Key {
        label: run.pick("Training time", "训练用时").to_owned(),
        value: run.seconds(run.record.manifest.seconds),
        detail: run.pick(
            format!("features {features}, head {head}"),
            format!("提取特征 {features}，训练分类头 {head}"),
        ),
    });
    figures
}

/// The whole work in three sentences.
fn summary(run: &Run) -> String {
    let manifest = &run.record.manifest;
    let network = &manifest.network;
    let boundary = run.boundary();
    let trained = number::count(run.parameters(Fate::Grafted));
    let (epochs, images) = (run.record.epochs.len(), number::count(manifest.trained_on));
    let done = if run.trains_blocks() {
        let further = number::count(run.parameters(Fate::Trained));
        run.pick(
            format!("A pretrained {network} was cut after {boundary}; a new head with {trained} parameters was grafted on and, together with {further} pretrained ones, trained for {epochs} epochs on {images} images."),
            format!("将预训练的 {network} 在{boundary}之后截断，接上一个有 {trained} 个参数的新分类头，连同 {further} 个预训练的参数，用 {images} 张图片训练了 {epochs} 轮（epoch）。"),
        )
    } else {
        run.pick(
            format!("A pretrained {network} was frozen and cut after {boundary}; a new head with {trained} parameters was grafted on and trained for {epochs} epochs on {images} images."),
            format!("将预训练的 {network} 全部冻结，在{boundary}之后截断，接上一个有 {trained} 个参数的新分类头，用 {images} 张图片训练了 {epochs} 轮（epoch）。"),
        )
    };
    let Some(test) = run.tested() else {
        return done;
    };
    let (n, accuracy) = (number::count(test.n), run.accuracy(test));
    run.pick(
        format!("{done} On {n} test images, which were never opened during training, its accuracy is {accuracy}."),
        format!("{done}在训练中从未打开的 {n} 张测试图片上，准确率为 {accuracy}。"),
    )
}
