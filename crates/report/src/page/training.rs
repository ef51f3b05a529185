//! Part 3: hyperparameters, curves, and where the time went.

use toml::{Table as Toml, Value};

use super::block::{Block, Drawing, Figure, Part, Row, Table, Tone, code};
use super::run::Run;
use crate::chart::{Axis, Chart, Point, Series, shares_svg, svg};
use crate::number;
use crate::record::{Cached, Scores};

pub(super) fn part(run: &Run) -> Part {
    let blocks = vec![
        Block::Text(loss(run)),
        Block::Table(settings(run)),
        Block::Heading(run.pick("Curves", "训练曲线").into()),
        Block::Text(curves_text(run)),
        Block::Figures(vec![curve(run, false), curve(run, true)]),
        Block::Table(epochs(run)),
        Block::Heading(run.pick("Time and where it went", "用时及其分布").into()),
        Block::Text(time_text(run)),
        Block::Figures(vec![time(run)]),
    ];
    Part {
        anchor: "training",
        title: run.pick("3. Training", "三、模型训练"),
        blocks,
    }
}

fn loss(run: &Run) -> String {
    let images = run.record.manifest.trained_on as u64;
    let steps = run
        .whole("training.batch_size")
        .filter(|batch| *batch > 0)
        .map(|batch| number::count(images.div_ceil(batch)));
    let steps = steps.unwrap_or_default();
    run.pick(
        format!("The head learns by Adam to lower the cross-entropy of the true class, {steps} steps an epoch, in an order that the seed decides. The complete recipe:"),
        format!("分类头用 Adam 优化器最小化交叉熵损失，每轮（epoch）{steps} 步，样本顺序由随机种子决定。完整的超参数："),
    )
}

/// What the keys of a recipe are; in the order in which they are shown.
const SETTINGS: [(&str, &str, &str); 18] = [
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
        "VGG16's input in pixels",
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
fn settings(run: &Run) -> Table {
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

fn curves_text(run: &Run) -> String {
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
    let (title, y_label) = match accuracy {
        false => (
            run.pick("Loss by epoch.", "每轮的损失。"),
            run.pick("cross-entropy (nats)", "交叉熵（nat）"),
        ),
        true => (
            run.pick("Accuracy by epoch.", "每轮的准确率。"),
            run.pick("accuracy", "准确率"),
        ),
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

fn time_text(run: &Run) -> String {
    let manifest = &run.record.manifest;
    let all = run.seconds(manifest.seconds);
    let cache = match manifest.cache.result {
        Cached::Miss => run.pick(
            "The features were not in the cache: every image went through VGG16 once.",
            "特征缓存未命中：每张图片通过了一次 VGG16。",
        ),
        Cached::Hit => run.pick(
            "The features were in the cache already; they were read and verified.",
            "特征已在缓存中，只需读取并校验。",
        ),
    };
    let memory = manifest.machine.peak_memory_bytes.map(number::bytes);
    let memory = memory.map_or_else(String::new, |memory| {
        run.pick(
            format!(" At most {memory} of memory were in use."),
            format!("内存峰值 {memory}。"),
        )
    });
    run.pick(
        format!("The run took {all}. {cache}{memory}"),
        format!("全程用时 {all}。{cache}{memory}"),
    )
}

/// The stages, and what is left: reading, hashing and writing.
fn time(run: &Run) -> Figure {
    let manifest = &run.record.manifest;
    let stages = manifest.stages;
    let rest = (manifest.seconds - stages.fetch - stages.features - stages.head).max(0.0);
    let parts = [
        (run.pick("features", "特征"), stages.features),
        (run.pick("head", "分类头"), stages.head),
        (run.pick("assets", "下载与校验"), stages.fetch),
        (run.pick("rest", "其他"), rest),
    ];
    let named = parts.map(|(name, seconds)| (format!("{name} {}", run.seconds(seconds)), seconds));
    let list: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    let list = list.join(run.pick(", ", "，"));
    let caption = run.pick(
        format!("Where the time went: {list}. The rest is reading and hashing files, and writing the record."),
        format!("用时分布：{list}。“其他”包括读取文件、计算哈希和写入记录。"),
    );
    let rows = named
        .iter()
        .zip(parts)
        .map(|(_, (name, seconds))| Row::plain([name.to_owned(), run.seconds(seconds)]));
    let columns = [run.pick("stage", "阶段"), run.pick("#time", "#用时")];
    let instead = Table::plain(
        run.pick("Where the time went", "用时分布"),
        &columns,
        rows.collect(),
    );
    Figure {
        drawing: Drawing::WideSvg(shares_svg(
            run.pick("Where the time went", "用时分布"),
            &named,
        )),
        caption,
        instead: Some(instead),
    }
}
