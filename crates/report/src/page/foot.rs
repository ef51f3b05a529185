//! The page's foot: how to get the same again, and the hashes to compare.

use super::block::{Block, Table, code, row};
use super::head::machine;
use super::lesson::Lesson;
use super::run::{Run, quoted};
use crate::number;

pub(super) fn blocks(run: &Run, lessons: &[Lesson]) -> Vec<Block> {
    // The first argument is the program, wherever it was.
    let arguments = run.record.manifest.command.iter().skip(1);
    let mut training = "cargo xtask".to_owned();
    training.extend(arguments.map(|argument| format!(" {}", quoted(argument))));
    let training = training.replace(['\n', '\r'], " ");
    let [eval, report] = ["eval", "report"].map(|verb| format!("cargo xtask {verb}"));
    let sources = sources(run, lessons);
    vec![
        run.heading("How to reproduce this", "如何复现"),
        run.text(
            format!("In a checkout of the commit below, these commands train again, evaluate the new run and write its report. On a CPU the same seed gives the same weights, bit for bit. {sources}"),
            format!("在下列提交的代码目录中，依次运行以下命令即可重新训练、评估并生成报告。在 CPU 上，相同的种子得到逐位相同的权重。{sources}"),
        ),
        Block::Commands(vec![training, eval, report]),
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
    if lessons.iter().all(|lesson| lesson.found().is_none()) {
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
fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let manifest = &run.record.manifest;
    let computed = &manifest.machine;
    let known =
        |text: Option<String>| text.unwrap_or_else(|| run.pick("not known", "未知").to_owned());
    let commit = manifest.commit.as_ref().map(|commit| {
        let changed = if commit.ends_with("-dirty") {
            run.pick(
                " (with changes that were not committed)",
                "（含未提交的修改）",
            )
        } else {
            ""
        };
        format!("{}{changed}", code(commit.trim_end_matches("-dirty")))
    });
    let [burn, rustc] = [&computed.burn, &computed.rustc]
        .map(|version| known(version.as_ref().map(|version| code(version))));
    let engine = [&computed.backend, &computed.engine, &computed.dtype];
    let engine = engine.into_iter().chain(&computed.driver);
    let engine: Vec<String> = engine.map(|part| code(part)).collect();
    let system = computed.system.replace('`', "'");
    let [started, ended] =
        [manifest.started, manifest.ended].map(|time| number::moment(time, run.language));
    vec![
        (run.pick("graft", "graft 版本"), code(&manifest.graft)),
        (run.pick("commit", "提交"), known(commit)),
        (
            run.pick("Burn, compiler", "Burn 版本、编译器"),
            format!("{burn}, {rustc}"),
        ),
        (
            run.pick("machine", "机器"),
            format!("{} ({system})", machine(run)),
        ),
        (
            run.pick("backend, engine, type", "后端、引擎、类型"),
            engine.join(", "),
        ),
        (run.pick("started", "开始"), started),
        (run.pick("ended", "结束"), ended),
    ]
}

/// What has to be the same for the same result, and what labs are cited from.
fn hashes(run: &Run, lessons: &[Lesson]) -> Table {
    let manifest = &run.record.manifest;
    let data = &manifest.data;
    let mut hashes = vec![
        (run.pick("training images", "训练图片"), &data.images),
        (run.pick("training labels", "训练标签"), &data.labels),
    ];
    hashes.extend(run.test().map(|test| {
        let name = run.pick("test images", "测试图片");
        (name, &test.evaluated.images)
    }));
    hashes.extend([
        (run.pick("ONNX file", "ONNX 文件"), &manifest.origin.sha256),
        (
            run.pick("features in the cache", "缓存的特征"),
            &manifest.cache.sha256,
        ),
        (
            run.pick("trained head", "训练后的分类头"),
            &manifest.head.after,
        ),
    ]);
    let hashes = hashes
        .into_iter()
        .map(|(name, hash)| row![name, code(hash)]);
    let cited = lessons.iter().filter_map(Lesson::found);
    let cited = cited.map(|found| row![code(&found.file), code(&found.sha256)]);
    let titles = run.pick("what | SHA-256", "对象 | SHA-256");
    Table::new(run.pick("Hashes", "哈希值"), titles, hashes.chain(cited))
}
