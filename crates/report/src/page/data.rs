//! Part 1: the images, how many of each class, and which serve for what.

use super::Lesson;
use super::block::{Block, Drawing, Figure, Part, Row, Table, Tile, Tone, code};
use super::picture::ink;
use super::preprocessing;
use super::run::Run;
use crate::number;
use crate::record::{Picture, Predictions};

/// How many screen pixels a pixel of a sample is.
const SAMPLE_SCALE: usize = 2;

pub(super) fn part(run: &Run, lessons: &[Lesson]) -> Part {
    let mut blocks = vec![
        source(run),
        Block::Table(counts(run)),
        held_out(run),
        Block::Figures(vec![samples(run)]),
    ];
    blocks.extend(preprocessing::blocks(run, lessons));
    Part {
        anchor: "data",
        title: run.pick("1. Data", "一、数据准备"),
        blocks,
    }
}

fn source(run: &Run) -> Block {
    let data = &run.record.manifest.data;
    let (size, classes) = (
        number::shape(&[data.rows, data.columns]),
        run.record.train.classes,
    );
    let folder = code(&data.source);
    let source = if run.is_mnist() {
        run.pick("MNIST: handwritten digits", "MNIST 手写数字")
            .into()
    } else {
        run.pick(format!("the folder {folder}"), format!("文件夹 {folder}"))
    };
    run.text(
        format!("The data set is {source}, greyscale images of {size} pixels in {classes} classes. Pixels are whole numbers from 0 to 255, exactly as in the files; the hashes in the last section tell which images these were."),
        format!("数据集为 {source}，灰度图片，{size} 像素，共 {classes} 类。像素为 0 到 255 的整数，与原文件完全一致；文末的哈希值可用于核对所用的图片。"),
    )
}

/// Images of each class, a row a split.
fn counts(run: &Run) -> Table {
    let record = run.record;
    let classes = record.train.classes;
    let mut columns = vec![run.pick("split", "数据划分").to_owned()];
    columns.extend((0..classes).map(|class| format!("#{class}")));
    columns.push(run.pick("#in all", "#合计").to_owned());
    let row = |name: &str, split: &Predictions| {
        let mut counts = vec![0_u64; 256];
        for row in &split.rows {
            counts[usize::from(row.label)] += 1;
        }
        let counts = counts.iter().take(classes).copied();
        let counts = counts.chain([split.rows.len() as u64]).map(number::count);
        Row {
            cells: [name.to_owned()].into_iter().chain(counts).collect(),
            tone: Tone::Plain,
        }
    };
    let mut rows = vec![row(run.pick("training", "训练集"), &record.train)];
    let validation = record.validation.as_ref();
    rows.extend(validation.map(|split| row(run.pick("validation", "验证集"), split)));
    rows.push(if let Some(test) = &record.test {
        row(run.pick("test", "测试集"), &test.predictions)
    } else {
        let mut cells = vec![run.pick("test: not opened", "测试集：未打开").to_owned()];
        cells.resize(classes + 2, String::new());
        let tone = Tone::Quiet;
        Row { cells, tone }
    });
    Table {
        caption: run.pick("Images by class", "各类图片数").into(),
        columns,
        rows,
    }
}

/// How the validation images were chosen.
fn held_out(run: &Run) -> Block {
    let seed = run.whole("training.seed").map(|seed| seed.to_string());
    let (seed, n) = (
        seed.unwrap_or_default(),
        number::count(run.record.manifest.validated_on),
    );
    if run.record.manifest.validated_on == 0 {
        return run.text(
            "No images were held out: all training images were used for training, and nothing was chosen by looking at others.",
            "没有留出验证集：全部训练图片都用于训练，也没有依据其他图片做任何选择。",
        );
    }
    run.text(
        format!("The {n} validation images were held out of the training files, in proportion for each class, with the random seed {seed}. The test files stay closed until the evaluation, so nothing in training can have been chosen by them."),
        format!("{n} 张验证图片按类别比例从训练文件中随机留出（随机种子 {seed}）。测试文件在评估之前始终没有打开，训练过程不可能依据测试集做任何选择。"),
    )
}

/// An image of every class.
fn samples(run: &Run) -> Figure {
    let tile = |picture: &Picture| Tile {
        image: ink(&picture.pixels, picture.rows, picture.columns),
        width: picture.columns * SAMPLE_SCALE,
        alt: run.pick(
            format!("training image of class {}", picture.label),
            format!("类别 {} 的训练图片", picture.label),
        ),
        lines: vec![picture.label.to_string()],
    };
    let caption = run.pick(
        "The first image of each class in the training file, with its label. Darker ink means a larger value.",
        "训练文件中每一类的第一张图片及其标签。笔迹越浓，像素值越大。",
    );
    let digits = run.record.samples.digits.iter().map(tile);
    Figure::new(caption, Drawing::Tiles(digits.collect()))
}
