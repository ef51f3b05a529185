//! Part 1: the images, and what becomes of them before VGG16 sees them.

use super::Lesson;
use super::block::{Block, Drawing, Figure, Part, Row, Table, Tile, Tone, code};
use super::lessons;
use super::picture::ink;
use super::run::Run;
use crate::number;
use crate::record::{Channel, Picture, Predictions};

/// How many screen pixels a pixel of a sample is.
const SAMPLE_SCALE: usize = 2;
/// The same where single pixels are to be seen.
const LARGE_SCALE: usize = 4;

pub(super) fn part(run: &Run, labs: &[Lesson]) -> Part {
    let mut blocks = vec![source(run), Block::Table(counts(run))];
    blocks.extend(held_out(run));
    blocks.push(Block::Figures(vec![samples(run)]));
    blocks.push(Block::Heading(run.pick("Preprocessing", "预处理").into()));
    blocks.push(Block::Text(preprocessing(run)));
    blocks.extend(prepared(run));
    let question = run.pick(
        "Whether another scaling or size would do better",
        "换一种缩放或尺寸是否更好",
    );
    blocks.push(Block::Text(lessons::cite(
        run,
        labs,
        "preprocessing",
        question,
    )));
    Part {
        anchor: "data",
        title: run.pick("1. Data", "一、数据准备"),
        blocks,
    }
}

fn source(run: &Run) -> Block {
    let data = &run.record.manifest.data;
    let (size, classes) = (number::shape(&[data.rows, data.columns]), data.classes);
    let source = match run.is_mnist() {
        true => run.pick(
            "MNIST: handwritten digits".to_owned(),
            "MNIST 手写数字".to_owned(),
        ),
        false => run.pick(
            format!("the folder {}", code(&data.source)),
            format!("文件夹 {}", code(&data.source)),
        ),
    };
    Block::Text(run.pick(
        format!("The data set is {source}, grey images of {size} pixels in {classes} classes. Pixels are whole numbers from 0 to 255, exactly as in the files; the hashes in the last section tell which images these were."),
        format!("数据集为 {source}，灰度图片，{size} 像素，共 {classes} 类。像素为 0 到 255 的整数，与原文件完全一致；文末的哈希值可用于核对所用的图片。"),
    ))
}

/// Images of each class, a row a split.
fn counts(run: &Run) -> Table {
    let record = run.record;
    let classes = record.manifest.data.classes;
    let mut columns = vec![run.pick("split", "数据划分").to_owned()];
    columns.extend((0..classes).map(|class| format!("#{class}")));
    columns.push(run.pick("#in all", "#合计").to_owned());
    let row = |name: &str, split: &Predictions| {
        let of = |class: usize| {
            split
                .rows
                .iter()
                .filter(|row| usize::from(row.label) == class)
                .count()
        };
        let mut cells = vec![name.to_owned()];
        cells.extend((0..classes).map(|class| number::count(of(class))));
        cells.push(number::count(split.rows.len()));
        Row::plain(cells)
    };
    let mut rows = vec![row(run.pick("training", "训练集"), &record.train)];
    rows.extend(
        record
            .validation
            .iter()
            .map(|split| row(run.pick("validation", "验证集"), split)),
    );
    match &record.test {
        Some(test) => rows.push(row(run.pick("test", "测试集"), &test.predictions)),
        None => {
            let mut cells = vec![run.pick("test: not opened", "测试集：未打开").to_owned()];
            cells.resize(classes + 2, String::new());
            rows.push(Row {
                cells,
                tone: Tone::Gone,
            });
        }
    }
    Table {
        caption: run.pick("Images by class", "各类图片数").into(),
        columns,
        rows,
    }
}

/// How the validation images were chosen.
fn held_out(run: &Run) -> Option<Block> {
    let seed = run
        .whole("training.seed")
        .map(|seed| seed.to_string())
        .unwrap_or_default();
    let n = run.record.manifest.validated_on;
    let text = if n == 0 {
        run.pick(
            "No images were held out: every training image was learned from, and nothing was chosen by looking at others.".to_owned(),
            "没有留出验证集：全部训练图片都用于训练，也没有依据其他图片做任何选择。".to_owned(),
        )
    } else {
        let n = number::count(n);
        run.pick(
            format!("The {n} validation images were held out of the training files, class by class in proportion, by the seed {seed}. The test files stay closed until the evaluation: training cannot have chosen anything by them."),
            format!("{n} 张验证图片按类别比例从训练文件中随机留出（随机种子 {seed}）。测试文件在评估之前始终没有打开，训练过程不可能依据测试集做任何选择。"),
        )
    };
    Some(Block::Text(text))
}

/// An image of every class.
fn samples(run: &Run) -> Figure {
    let digits = &run.record.samples.digits;
    let tile = |picture: &Picture| Tile {
        image: ink(&picture.pixels, picture.rows, picture.columns),
        width: picture.columns * SAMPLE_SCALE,
        alt: run.pick(
            format!("training image of class {}", picture.label),
            format!("类别 {} 的训练图片", picture.label),
        ),
        lines: vec![picture.label.to_string()],
    };
    Figure {
        caption: run.pick(
            "The first image of each class in the training file, with its label. The more ink, the larger the value.",
            "训练文件中每一类的第一张图片及其标签。笔迹越浓，像素值越大。",
        ).into(),
        drawing: Drawing::Tiles(digits.iter().map(tile).collect()),
        instead: None,
    }
}

/// What is done to an image, and why.
fn preprocessing(run: &Run) -> String {
    let data = &run.record.manifest.data;
    let prepared = &run.record.samples.prepared;
    let from = number::shape(&[data.rows, data.columns]);
    let to = number::shape(&[prepared.rows, prepared.columns]);
    let fit = match run.word("preprocessing.fit") {
        "resize" => run.pick(
            format!("Each image is resized from {from} to {to} pixels (bilinear)"),
            format!("每张图片由 {from} 双线性缩放到 {to} 像素"),
        ),
        _ => run.pick(
            format!("Each image is padded with zeros from {from} to {to} pixels"),
            format!("每张图片四周补零，由 {from} 扩展到 {to} 像素"),
        ),
    };
    let scaling = match run.word("preprocessing.scaling") {
        "caffe" => run.pick("and its values stay at 0 to 255, minus ImageNet's mean of each channel, in the order blue, green, red: the scaling that VGG16 was trained with", "数值保持 0 到 255，按蓝、绿、红的顺序减去 ImageNet 各通道的均值，即 VGG16 训练时的预处理"),
        _ => run.pick("and its values are divided by 255, which gives 0 to 1", "数值除以 255，得到 0 到 1"),
    };
    run.pick(
        format!("VGG16 as a whole halves its input five times, and it wants three channels. {fit}, its grey channel is repeated three times, {scaling}."),
        format!("完整的 VGG16 会把输入的边长减半五次，并且需要三个通道。{fit}，灰度通道复制三份，{scaling}。"),
    )
}

/// A real image before and after, and the range of its values.
fn prepared(run: &Run) -> Vec<Block> {
    let samples = &run.record.samples;
    let prepared = &samples.prepared;
    let Some(before) = samples
        .digits
        .iter()
        .find(|digit| digit.index == prepared.index)
    else {
        return Vec::new();
    };
    let least = before.pixels.iter().min().copied().unwrap_or_default();
    let most = before.pixels.iter().max().copied().unwrap_or_default();
    let size = number::shape(&[before.rows, before.columns]);
    let original = run.pick("as in the file", "原图").to_owned();
    let range = format!("{least} … {most}");
    let mut rows = vec![Row::plain([
        original.clone(),
        size.clone(),
        least.to_string(),
        most.to_string(),
    ])];
    let mut tiles = vec![Tile {
        image: ink(&before.pixels, before.rows, before.columns),
        width: before.columns * LARGE_SCALE,
        alt: original.clone(),
        lines: vec![original, size, range],
    }];
    let size = number::shape(&[prepared.rows, prepared.columns]);
    for (channel, place) in prepared.channels.iter().zip(1..) {
        let Channel {
            minimum,
            maximum,
            pixels,
        } = channel;
        let name = run.pick(format!("channel {place}"), format!("通道 {place}"));
        let (least, most) = (number::value(*minimum), number::value(*maximum));
        rows.push(Row::plain([
            name.clone(),
            size.clone(),
            least.clone(),
            most.clone(),
        ]));
        tiles.push(Tile {
            image: ink(pixels, prepared.rows, prepared.columns),
            width: prepared.columns * LARGE_SCALE,
            alt: name.clone(),
            lines: vec![name, size.clone(), format!("{least} … {most}")],
        });
    }
    let caption = run.pick(
        format!("Training image {} before preprocessing and as VGG16 gets it, with the size and the range of the values; all at the same scale.", before.index),
        format!("训练图片 {} 在预处理之前和输入 VGG16 时的样子，标有尺寸和取值范围；各图比例相同。", before.index),
    );
    let columns = [
        run.pick("image", "图片"),
        run.pick("#size", "#尺寸"),
        run.pick("#smallest value", "#最小值"),
        run.pick("#largest value", "#最大值"),
    ];
    vec![Block::Figures(vec![Figure {
        instead: Some(Table::plain(&caption, &columns, rows)),
        caption,
        drawing: Drawing::Tiles(tiles),
    }])]
}
