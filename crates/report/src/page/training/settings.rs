//! The complete recipe, with what each key means.

use toml::{Table as Toml, Value};

use super::super::block::{Row, Table, code};
use super::super::run::Run;
use crate::number;

/// What the keys of a recipe are; in the order in which they are shown.
const SETTINGS: [(&str, &str, &str); 20] = [
    (
        "training.learning_rate",
        "Adam's step size",
        "Adam 的学习率",
    ),
    ("training.batch_size", "images a step", "批大小"),
    (
        "training.epochs",
        "passes over the training images",
        "训练轮数",
    ),
    (
        "training.adam.beta_1",
        "decay of the mean of gradients",
        "梯度一阶矩的衰减率",
    ),
    (
        "training.adam.beta_2",
        "decay of the mean of squared gradients",
        "梯度二阶矩的衰减率",
    ),
    (
        "training.adam.epsilon",
        "keeps the division finite",
        "防止除零的常数",
    ),
    (
        "training.seed",
        "decides split, first weights and order",
        "随机种子：决定划分、初始权重和样本顺序",
    ),
    (
        "training.checkpoint_steps",
        "steps between checkpoints; 0: at the end of epochs only",
        "检查点间隔步数；0 表示仅在每轮结束时保存",
    ),
    (
        "training.keep",
        "whose epoch's weights are kept",
        "保留哪一轮的权重",
    ),
    (
        "head.standardise",
        "features to mean 0 and deviation 1 first",
        "特征是否先标准化",
    ),
    (
        "backbone.boundary",
        "the last block that is kept",
        "保留的最后一块",
    ),
    (
        "backbone.precision",
        "what the frozen blocks compute in",
        "冻结部分的计算精度",
    ),
    (
        "backbone.dtype",
        "how features are kept on disk",
        "特征的存储类型",
    ),
    (
        "preprocessing.fit",
        "how the size is reached",
        "尺寸处理方式",
    ),
    (
        "preprocessing.size",
        "the network's input in pixels",
        "输入边长（像素）",
    ),
    (
        "preprocessing.scaling",
        "how values are scaled",
        "数值缩放方式",
    ),
    ("data.source", "which images", "数据来源"),
    ("data.classes", "classes that labels tell apart", "类别数"),
    ("data.validation", "images held out", "留出的验证图片数"),
    (
        "data.limit",
        "images used of each file; 0: all",
        "每个文件使用的图片数；0 表示全部",
    ),
];

/// The recipe, with what each key means; keys that have no place above come last.
pub(super) fn table(run: &Run) -> Table {
    let row = |key: &str, value: &Value, meaning: &str| {
        Row::plain([meaning.to_owned(), shown(value), code(key)])
    };
    let mut rows = Vec::new();
    for (key, en, zh) in SETTINGS {
        rows.extend(
            run.setting(key)
                .map(|value| row(key, value, run.pick(en, zh))),
        );
    }
    let mut all = Vec::new();
    flatten("", &run.record.recipe, &mut all);
    let known = |key: &str| SETTINGS.iter().any(|(known, ..)| *known == key);
    rows.extend(
        all.iter()
            .filter(|(key, _)| !known(key))
            .map(|(key, value)| row(key, value, "")),
    );
    let columns = [
        run.pick("setting", "超参数"),
        run.pick("#value", "#取值"),
        run.pick("key", "配方中的键"),
    ];
    Table::plain(run.pick("Hyperparameters", "超参数"), &columns, rows)
}

/// Every value of a table by its dotted name.
fn flatten<'a>(prefix: &str, table: &'a Toml, out: &mut Vec<(String, &'a Value)>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => flatten(&format!("{prefix}{key}."), inner, out),
            value => out.push((format!("{prefix}{key}"), value)),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Float(value) => number::setting(*value),
        Value::String(text) => code(text),
        other => other.to_string().replace('`', "'"),
    }
}
