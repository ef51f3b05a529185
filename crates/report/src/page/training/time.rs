//! Where the time went.

use super::super::block::{Block, Drawing, Figure, Table, row};
use super::super::run::Run;
use crate::chart::shares_svg;
use crate::number;
use crate::record::Cached;

pub(super) fn blocks(run: &Run) -> [Block; 3] {
    [
        run.heading("Time and where it went", "用时及其分布"),
        text(run),
        Block::Figures(vec![picture(run)]),
    ]
}

fn text(run: &Run) -> Block {
    let manifest = &run.record.manifest;
    let all = run.seconds(manifest.seconds);
    let cache = match manifest.cache.result {
        Cached::Miss => run.pick(
            "The features were not in the cache: every image went through the frozen blocks once.",
            "特征缓存未命中：每张图片通过了一次冻结的各块。",
        ),
        Cached::Hit => run.pick(
            "The features were in the cache already; they were read and verified.",
            "特征已在缓存中，只需读取并校验。",
        ),
    };
    let memory = manifest.machine.peak_memory_bytes.map(number::bytes);
    let memory = memory.map_or_else(String::new, |memory| {
        run.pick(
            format!(" Peak memory was {memory}."),
            format!("内存峰值 {memory}。"),
        )
    });
    if manifest.resumed {
        return run.text(
            format!("The run was interrupted and resumed; the times of the stages and the total of {all} are the sums over its parts. {cache}{memory}"),
            format!("训练曾中断后继续；各阶段的用时和总用时 {all} 为各段之和。{cache}{memory}"),
        );
    }
    run.text(
        format!("The run took {all}. {cache}{memory}"),
        format!("全程用时 {all}。{cache}{memory}"),
    )
}

/// The stages, and what is left: reading, hashing and writing.
fn picture(run: &Run) -> Figure {
    let manifest = &run.record.manifest;
    let stages = manifest.stages;
    let rest = (manifest.seconds - stages.fetch - stages.features - stages.head).max(0.0);
    let head = (stages.head - stages.checkpoints).max(0.0);
    let parts = [
        (run.pick("features", "特征"), stages.features),
        (run.pick("head", "分类头"), head),
        (run.pick("checkpoints", "检查点"), stages.checkpoints),
        (run.pick("assets", "下载与校验"), stages.fetch),
        (run.pick("rest", "其他"), rest),
    ];
    let named = parts.map(|(name, seconds)| (format!("{name} {}", run.seconds(seconds)), seconds));
    let list = named.each_ref().map(|(name, _)| name.as_str());
    let list = list.join(run.pick(", ", "，"));
    let title = run.pick("Where the time went", "用时分布");
    let rows = parts.map(|(name, seconds)| row![name, run.seconds(seconds)]);
    let titles = run.pick("stage | #time", "阶段 | #用时");
    Figure {
        drawing: Drawing::WideSvg(shares_svg(title, &named)),
        caption: run.pick(
            format!(
                "{title}: {list}. The rest is reading and hashing files, and writing the record."
            ),
            format!("{title}：{list}。“其他”包括读取文件、计算哈希和写入记录。"),
        ),
        instead: Some(Table::new(title, titles, rows)),
    }
}
