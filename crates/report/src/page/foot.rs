//! The page's foot: how to get the same again, and the hashes to compare.

use super::block::{Block, Row, Table, code};
use super::head::machine;
use super::lesson::Lesson;
use super::run::{Run, quoted};
use crate::number;

pub(super) fn blocks(run: &Run, lessons: &[Lesson]) -> Vec<Block> {
    let manifest = &run.record.manifest;
    // The first argument is the program, wherever it was.
    let mut training = vec!["cargo xtask".to_owned()];
    training.extend(
        manifest
            .command
            .iter()
            .skip(1)
            .map(|argument| quoted(argument)),
    );
    let mut commands = vec![training.join(" ").replace(['\n', '\r'], " ")];
    let sources = sources(run, lessons);
    let newest = ["eval", "report"].map(|verb| format!("cargo xtask {verb}"));
    commands.extend(newest);
    vec![
        run.heading("How to reproduce this", "如何复现"),
        Block::Text(run.pick(
            format!("In a checkout of the commit below, these commands train again, evaluate the new run and write its report. On a CPU the same seed gives the same weights, bit for bit. {sources}"),
            format!("在下列提交的代码目录中，依次运行以下命令即可重新训练、评估并生成报告。在 CPU 上，相同的种子得到逐位相同的权重。{sources}"),
        )),
        Block::Commands(commands),
        Block::Facts(facts(run)),
        Block::Table(hashes(run, lessons)),
    ]
}

/// Where the page's numbers come from.
fn sources(run: &Run, lessons: &[Lesson]) -> String {
    let name = code(&run.name());
    let record = run.pick(
        format!("the record in the run's folder {name}, whose files are listed with their hashes in `SHA256SUMS`"),
        format!("运行目录 {name} 中的记录，各文件的哈希列在 `SHA256SUMS` 中"),
    );
    if !lessons.iter().any(Lesson::fits) {
        return run.pick(
            format!("Every number above comes from {record}."),
            format!("以上所有数字都来自{record}。"),
        );
    }
    run.pick(
        format!("What labs measured comes from their files, which are listed below with their hashes; every other number above comes from {record}."),
        format!("对照实验的结果来自其各自的文件，文件及其哈希列在下表中；其余数字都来自{record}。"),
    )
}

/// Versions and machine.
fn facts(run: &Run) -> Vec<(String, String)> {
    let manifest = &run.record.manifest;
    let Some(commit) = &manifest.commit else {
        return versions(run, run.pick("not known", "未知").to_owned());
    };
    let changed = if commit.ends_with("-dirty") {
        run.pick(
            " (with changes that were not committed)",
            "（含未提交的修改）",
        )
    } else {
        ""
    };
    versions(
        run,
        format!("{}{changed}", code(commit.trim_end_matches("-dirty"))),
    )
}

fn versions(run: &Run, commit: String) -> Vec<(String, String)> {
    let manifest = &run.record.manifest;
    let computed = &manifest.machine;
    let mut engine = format!(
        "{}, {}, {}",
        code(&computed.backend),
        code(&computed.engine),
        code(&computed.dtype)
    );
    if let Some(driver) = &computed.driver {
        engine = format!("{engine}, {}", code(driver));
    }
    let (started, ended) = (
        number::moment(manifest.started, run.language),
        number::moment(manifest.ended, run.language),
    );
    let version = |version: &Option<String>| match version {
        Some(version) => code(version),
        None => run.pick("not known", "未知").to_owned(),
    };
    let facts = [
        (run.pick("graft", "graft 版本"), code(&manifest.graft)),
        (run.pick("commit", "提交"), commit),
        (
            run.pick("Burn, compiler", "Burn 版本、编译器"),
            format!("{}, {}", version(&computed.burn), version(&computed.rustc)),
        ),
        (
            run.pick("machine", "机器"),
            format!("{} ({})", machine(run), computed.system.replace('`', "'")),
        ),
        (
            run.pick("backend, engine, type", "后端、引擎、类型"),
            engine,
        ),
        (run.pick("started", "开始"), started),
        (run.pick("ended", "结束"), ended),
    ];
    facts.map(|(name, text)| (name.to_owned(), text)).into()
}

/// What has to be the same for the same result, and what labs are cited from.
fn hashes(run: &Run, lessons: &[Lesson]) -> Table {
    let manifest = &run.record.manifest;
    let mut rows = vec![
        (
            run.pick("training images", "训练图片"),
            &manifest.data.images,
        ),
        (
            run.pick("training labels", "训练标签"),
            &manifest.data.labels,
        ),
        (run.pick("ONNX file", "ONNX 文件"), &manifest.origin.sha256),
        (
            run.pick("generated code of VGG16", "VGG16 的生成代码"),
            &manifest.generated_code,
        ),
        (
            run.pick("features in the cache", "缓存的特征"),
            &manifest.cache.sha256,
        ),
        (
            run.pick("trained head", "训练后的分类头"),
            &manifest.head.after,
        ),
    ];
    if let Some(test) = run.test() {
        rows.insert(
            2,
            (run.pick("test images", "测试图片"), &test.evaluated.images),
        );
    }
    let rows = rows
        .into_iter()
        .map(|(name, hash)| Row::plain([name.to_owned(), code(hash)]));
    let cited = lessons.iter().filter(|lesson| lesson.fits());
    let cited = cited.map(|lesson| Row::plain([code(&lesson.file), code(&lesson.sha256)]));
    let rows = rows.chain(cited);
    let columns = [run.pick("what", "对象"), "SHA-256"];
    Table::plain(run.pick("Hashes", "哈希值"), &columns, rows.collect())
}
