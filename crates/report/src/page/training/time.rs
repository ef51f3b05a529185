//! Where the time went.

use super::super::block::{Block, Drawing, Figure, Row, Table};
use super::super::run::Run;
use crate::chart::shares_svg;
use crate::number;
use crate::record::Cached;

pub(super) fn blocks(run: &Run) -> [Block; 3] {
    [
        run.heading("Time and where it went", "用时及其分布"),
        Block::Text(text(run)),
        Block::Figures(vec![picture(run)]),
    ]
}

fn text(run: &Run) -> String {
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
            format!(" At most {memory} of memory were in use."),
            format!("内存峰值 {memory}。"),
        )
    });
    if manifest.resumed {
        return run.pick(
            format!("The run was stopped in between and resumed; the times of the stages and the {all} in all are the sums over its parts. {cache}{memory}"),
            format!("训练曾中断后继续；各阶段的用时和总用时 {all} 为各段之和。{cache}{memory}"),
        );
    }
    run.pick(
        format!("The run took {all}. {cache}{memory}"),
        format!("全程用时 {all}。{cache}{memory}"),
    )
}

/// The stages, and what is left: reading, hashing and writing.
fn picture(run: &Run) -> Figure {
    let manifest = &run.record.manifest;
    let stages = manifest.stages;
    let rest = (manifest.seconds - stages.fetch - stages.features - stages.head).max(0.0);
    let parts = [
        (run.pick("features", "特征"), stages.features),
        (
            run.pick("head", "分类头"),
            (stages.head - stages.checkpoints).max(0.0),
        ),
        (run.pick("checkpoints", "检查点"), stages.checkpoints),
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
