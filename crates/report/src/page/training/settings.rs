//! The complete recipe, with what each key means: in English what the seed recipe's comments say.

use toml::Value;

use super::super::block::{Table, code, row};
use super::super::run::Run;
use crate::number;

/// The seed recipe, which explains every key in a comment behind it.
const SEED: &str = include_str!("../../../../../recipes/seed.toml");

/// What the keys are in Chinese, in the order in which they are shown.
const CHINESE: [(&str, &str); 22] = [
    ("training.learning_rate", "Adam 的学习率"),
    ("training.batch_size", "批大小"),
    ("training.epochs", "训练轮数"),
    ("training.adam.beta_1", "梯度一阶矩的衰减率"),
    ("training.adam.beta_2", "梯度二阶矩的衰减率"),
    ("training.adam.epsilon", "防止除零的常数"),
    ("training.seed", "随机种子：决定划分、初始权重和样本顺序"),
    (
        "training.checkpoint_steps",
        "检查点间隔步数；0 表示仅在每轮结束时保存",
    ),
    ("training.keep", "保留哪一轮的权重"),
    ("head.standardise", "特征是否先标准化"),
    ("backbone.network", "预训练网络"),
    ("backbone.boundary", "保留的最后一块"),
    ("backbone.unfreeze", "从哪一块起一起训练；none 表示全部冻结"),
    ("backbone.precision", "冻结部分的计算精度"),
    ("backbone.dtype", "特征的存储类型"),
    ("preprocessing.fit", "尺寸处理方式"),
    ("preprocessing.size", "输入边长（像素）"),
    ("preprocessing.scaling", "数值缩放方式"),
    ("data.source", "数据来源"),
    ("data.classes", "类别数"),
    ("data.validation", "留出的验证图片数"),
    ("data.limit", "每个文件使用的图片数；0 表示全部"),
];

/// The recipe, with what each key means; keys that have no place above come last.
pub(super) fn table(run: &Run) -> Table {
    let place = |key: &str| CHINESE.iter().position(|(known, _)| *known == key);
    let mut recipe: Vec<&(String, &Value)> = run.recipe.iter().collect();
    recipe.sort_by_key(|(key, _)| place(key).unwrap_or(CHINESE.len()));
    let english = comments();
    let rows = recipe.into_iter().map(|(key, value)| {
        let comment = english.iter().find(|(known, _)| known == key);
        let meaning = run.pick(
            comment.map_or("", |(_, comment)| comment),
            place(key).map_or("", |place| CHINESE[place].1),
        );
        row![meaning, shown(value), code(key)]
    });
    let titles = run.pick("setting | #value | key", "超参数 | #取值 | 配方中的键");
    Table::new(run.pick("Hyperparameters", "超参数"), titles, rows)
}

/// The keys of the seed recipe, each with its comment up to the first colon.
fn comments() -> Vec<(String, &'static str)> {
    let mut section = "";
    let mut comments = Vec::new();
    for line in SEED.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, (_, comment))) = line.split_once(" = ").zip(line.split_once(" # "))
        {
            let comment = comment.split(": ").next().unwrap_or_default();
            comments.push((format!("{section}.{}", key.0), comment));
        }
    }
    comments
}

fn shown(value: &Value) -> String {
    match value {
        Value::Float(value) => number::setting(*value),
        Value::String(text) => code(text),
        other => other.to_string().replace('`', "'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::flat;

    #[test]
    fn every_key_of_the_seed_recipe_is_explained_in_both_languages() {
        let recipe = SEED.parse().unwrap();
        let all = flat(&recipe);
        let comments = comments();
        let explained: Vec<&str> = comments.iter().map(|(key, _)| key.as_str()).collect();
        for (key, _) in &all {
            assert!(explained.contains(&key.as_str()), "{key} has no comment");
            assert!(CHINESE.iter().any(|(known, _)| known == key), "{key}");
        }
        assert_eq!((all.len(), comments.len()), (CHINESE.len(), CHINESE.len()));
        let of = |key: &str| comments.iter().find(|(known, _)| known == key).unwrap().1;
        assert_eq!(of("training.keep"), "weights to keep");
        assert_eq!(of("training.batch_size"), "batch size");
        assert_eq!(of("data.limit"), "images used of each file; 0 uses all");
    }
}
