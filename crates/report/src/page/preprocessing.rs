//! What becomes of an image before the network sees it, shown on a real one.

use super::Lesson;
use super::block::{Block, Drawing, Figure, Table, Tile, row};
use super::lessons;
use super::picture::ink;
use super::run::Run;
use crate::number;

/// How many screen pixels a pixel is, so that single ones can be seen.
const LARGE_SCALE: usize = 4;

pub(super) fn blocks(run: &Run, lessons: &[Lesson]) -> Vec<Block> {
    let question = run.pick(
        "Whether another scaling or size would do better",
        "换一种缩放或尺寸是否更好",
    );
    let mut blocks = vec![run.heading("Preprocessing", "预处理"), preprocessing(run)];
    blocks.extend(prepared(run));
    let cited = lessons::cite(run, lessons, "preprocessing", question);
    blocks.push(Block::Text(cited));
    blocks
}

/// What is done to an image, and why.
fn preprocessing(run: &Run) -> Block {
    let (data, network) = (&run.record.manifest.data, &run.record.manifest.network);
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
        "caffe" => run.pick("and its values stay at 0 to 255, minus ImageNet's mean of each channel, in the order blue, green, red: the scaling that the network was trained with", "数值保持 0 到 255，按蓝、绿、红的顺序减去 ImageNet 各通道的均值，即该网络训练时的预处理"),
        _ => run.pick("and its values are divided by 255, which gives 0 to 1", "数值除以 255，得到 0 到 1"),
    };
    run.text(
        format!("{network} as a whole halves its input after each block, and it wants three channels. {fit}, its grey channel is repeated three times, {scaling}."),
        format!("完整的 {network} 在每一块之后都把边长减半，并且需要三个通道。{fit}，灰度通道复制三份，{scaling}。"),
    )
}

/// A real image before and after, and the range of its values.
fn prepared(run: &Run) -> Option<Block> {
    let (samples, network) = (&run.record.samples, &run.record.manifest.network);
    let prepared = &samples.prepared;
    let mut digits = samples.digits.iter();
    let before = digits.find(|digit| digit.index == prepared.index)?;
    let (mut rows, mut tiles) = (Vec::new(), Vec::new());
    let mut show = |name: String, pixels: &[u8], size: [usize; 2], [least, most]: [String; 2]| {
        let shape = number::shape(&size);
        tiles.push(Tile {
            image: ink(pixels, size[0], size[1]),
            width: size[1] * LARGE_SCALE,
            alt: name.clone(),
            lines: vec![name.clone(), shape.clone(), format!("{least} … {most}")],
        });
        rows.push(row![name, shape, least, most]);
    };
    let ends = [before.pixels.iter().min(), before.pixels.iter().max()];
    show(
        run.pick("as in the file", "原图").to_owned(),
        &before.pixels,
        [before.rows, before.columns],
        ends.map(|end| end.copied().unwrap_or_default().to_string()),
    );
    for (channel, place) in prepared.channels.iter().zip(1..) {
        show(
            run.pick(format!("channel {place}"), format!("通道 {place}")),
            &channel.pixels,
            [prepared.rows, prepared.columns],
            [channel.minimum, channel.maximum].map(number::value),
        );
    }
    let caption = run.pick(
        format!("Training image {} before preprocessing and as {network} gets it, with the size and the range of the values; all at the same scale.", before.index),
        format!("训练图片 {} 在预处理之前和输入 {network} 时的样子，标有尺寸和取值范围；各图比例相同。", before.index),
    );
    let columns = run.pick(
        "image | #size | #smallest value | #largest value",
        "图片 | #尺寸 | #最小值 | #最大值",
    );
    Some(Block::Figures(vec![Figure {
        instead: Some(Table::new(&caption, columns, rows)),
        caption,
        drawing: Drawing::Tiles(tiles),
    }]))
}
