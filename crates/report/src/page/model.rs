//! Part 2: the network before and after the graft, what is frozen, and the proof.

use super::Lesson;
use super::block::{Block, Drawing, Figure, Part, Row, Table, Tone, code, row};
use super::lessons;
use super::run::Run;
use crate::chart::{block_name, graft_svg};
use crate::number;
use crate::record::{Layer, LayerKind, Part as Fate};

pub(super) fn part(run: &Run, lessons: &[Lesson]) -> Part {
    let network = &run.record.manifest.network;
    let caption = run.pick(
        format!("{network} and the graft. Above each block: the shape of its output for {network}'s own images of 224\u{a0}×\u{a0}224 pixels; below: the shape in this run. Dashed: removed."),
        format!("{network} 的改造。各块上方：原 {network}（输入 224\u{a0}×\u{a0}224）的输出形状；下方：本实验的输出形状。虚线：已移除。"),
    );
    let drawing = Drawing::WideSvg(graft_svg(&run.record.manifest.layers, run.language));
    let question = run.pick(
        "Whether another boundary would do better",
        "换一个截断位置是否更好",
    );
    let blocks = vec![
        Block::Text(origin(run)),
        Block::Figures(vec![Figure::new(caption, drawing)]),
        Block::Table(surgery(run)),
        run.heading("What is frozen, and how we know", "冻结了什么，如何证明"),
        Block::Text(frozen(run)),
        Block::Table(proof(run)),
        run.heading("Why this boundary", "为什么在这里截断"),
        Block::Text(boundary(run)),
        Block::Text(lessons::cite(run, lessons, "boundary", question)),
    ];
    Part {
        anchor: "model",
        title: run.pick("2. Model", "二、模型选择与修改"),
        blocks,
    }
}

fn origin(run: &Run) -> String {
    let (origin, network) = (&run.record.manifest.origin, &run.record.manifest.network);
    let (file, producer) = (code(&origin.file), code(&origin.producer));
    run.pick(
        format!("The weights were imported from the ONNX file {file}, written by {producer}, after its convolutions and pools had been checked against {network}'s. The hash in the last section says which file it was; who trained it no hash can tell."),
        format!("权重从 ONNX 文件 {file}（由 {producer} 导出）导入，导入前逐一核对了 {network} 的卷积层和池化层。文末的哈希值说明用的是哪个文件；至于权重由谁训练，哈希无法证明。"),
    )
}

/// Every layer, before and after.
fn surgery(run: &Run) -> Table {
    let (layers, network) = (&run.record.manifest.layers, &run.record.manifest.network);
    let shape = |sizes: &Option<Vec<usize>>| {
        sizes
            .as_ref()
            .map_or_else(|| "–".to_owned(), |sizes| number::shape(sizes))
    };
    let row = |layer: &Layer| Row {
        cells: vec![
            block_name(&layer.block, run.language),
            code(&layer.name),
            kind(run, layer.kind).to_owned(),
            shape(&layer.original),
            shape(&layer.output),
            number::count(layer.parameters),
            fate(run, layer.part).to_owned(),
        ],
        tone: match layer.part {
            Fate::Frozen | Fate::Trained => Tone::Plain,
            Fate::Removed => Tone::Gone,
            Fate::Grafted => Tone::Strong,
        },
    };
    let titles = run.pick(
        format!(
            "part | layer | what it does | #output in {network} | #output here | #parameters | now"
        ),
        "部分 | 层 | 类型 | #原输出形状 | #本实验输出形状 | #参数量 | 处理".into(),
    );
    let [frozen, trained, removed, grafted] =
        [Fate::Frozen, Fate::Trained, Fate::Removed, Fate::Grafted]
            .map(|fate| number::count(run.parameters(fate)));
    let trained = match run.parameters(Fate::Trained) {
        0 => String::new(),
        _ => run.pick(
            format!(" {trained} trained further,"),
            format!("继续训练 {trained} 个，"),
        ),
    };
    let caption = run.pick(
        format!("{network} before and after: {frozen} parameters frozen,{trained} {removed} removed, {grafted} new and trained"),
        format!("改造前后的 {network}：冻结 {frozen} 个参数，{trained}移除 {removed} 个，新增并训练 {grafted} 个"),
    );
    Table::new(caption, &titles, layers.iter().map(row))
}

fn kind(run: &Run, kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Convolution => run.pick(
            "convolution 3\u{a0}×\u{a0}3, ReLU",
            "卷积 3\u{a0}×\u{a0}3，ReLU",
        ),
        LayerKind::Pool => run.pick("maximum of 2\u{a0}×\u{a0}2", "最大池化 2\u{a0}×\u{a0}2"),
        LayerKind::Flatten => run.pick("to one row", "展平"),
        LayerKind::Standardise => run.pick("mean 0, deviation 1", "标准化（均值 0，标准差 1）"),
        LayerKind::Dense => run.pick("fully connected", "全连接"),
    }
}

fn fate(run: &Run, fate: Fate) -> &'static str {
    match fate {
        Fate::Frozen => run.pick("frozen", "冻结"),
        Fate::Trained => run.pick("trained further", "继续训练"),
        Fate::Removed => run.pick("removed", "移除"),
        Fate::Grafted => run.pick("new", "新增"),
    }
}

fn frozen(run: &Run) -> String {
    let hashes = &run.record.manifest.backbone;
    let method = run.pick(
        "The frozen blocks compute without gradients, each image passes them once, and what lies behind them learns from the stored features; no optimiser ever holds their weights. As a proof, all their parameters in memory were hashed (SHA-256) before and after training:",
        "冻结的各块不计算梯度，每张图片只通过一次，其后的部分在保存下来的特征上学习，优化器从不接触这些权重。作为证明，训练前后分别对内存中这些块的全部参数计算 SHA-256：",
    );
    let verdict = if hashes.before == hashes.after {
        run.pick(
            "both are the same, so not one bit of them moved.",
            "两次完全相同，即没有任何一位发生变化。",
        )
    } else {
        run.pick(
            "THEY DIFFER: the backbone was not frozen in this run.",
            "两次不同：本次运行中主干并未被冻结！",
        )
    };
    run.pick(format!("{method} {verdict}"), format!("{method}{verdict}"))
}

fn proof(run: &Run) -> Table {
    let manifest = &run.record.manifest;
    let verdict = |before: &str, after: &str| {
        if before == after {
            run.pick("the same", "相同")
        } else {
            run.pick("changed", "已改变")
        }
    };
    let (before, after) = run.pick(("before training", "after training"), ("训练前", "训练后"));
    let mut rows = Vec::new();
    let backbone = &manifest.backbone;
    let mut hashes = Vec::new();
    for stage in &backbone.stages {
        let block = block_name(&stage.stage, run.language);
        let part = if stage.trained {
            fate(run, Fate::Trained)
        } else {
            fate(run, Fate::Frozen)
        };
        let name = run.pick(format!("{block}, {part}"), format!("{block}（{part}）"));
        hashes.push((name, &stage.before, &stage.after));
    }
    if hashes.is_empty() {
        let name = run.pick("frozen blocks", "冻结的各块").to_owned();
        hashes.push((name, &backbone.before, &backbone.after));
    }
    let head = run.pick("new head", "新分类头").to_owned();
    hashes.push((head, &manifest.head.before, &manifest.head.after));
    for (name, first, second) in hashes {
        let row =
            |when: &str, hash: &str, verdict: &str| row![name.clone(), when, code(hash), verdict];
        rows.push(row(before, first, ""));
        rows.push(row(after, second, verdict(first, second)));
    }
    let caption = run.pick("Hashes of the weights", "权重的哈希值");
    let titles = run.pick(
        "weights | when | SHA-256 | verdict",
        "权重 | 时间 | SHA-256 | 结论",
    );
    Table::new(caption, titles, rows)
}

fn boundary(run: &Run) -> String {
    let (boundary, features) = (
        run.boundary(),
        number::count(run.features().unwrap_or_default()),
    );
    let cut_off = |layer: &Layer| layer.part == Fate::Removed && layer.block.starts_with("block");
    let reason = if run.record.manifest.layers.iter().any(cut_off) {
        run.pick(
            "Cutting earlier keeps strokes and their places, and drops what is particular to ImageNet's photographs, at the price of more features.",
            "提前截断可以保留笔画及其位置，去掉与 ImageNet 照片关系密切的部分，代价是特征更多。",
        )
    } else {
        run.pick(
            "Keeping all blocks is what the textbook does (Keras calls it `include_top=False`): the head is small and training is fast, but the last block is also the most particular to ImageNet's photographs.",
            "保留全部各块是教科书的做法（Keras 中即 `include_top=False`）：分类头小，训练快；但最后一块也最贴近 ImageNet 照片本身。",
        )
    };
    run.pick(
        format!("Early blocks answer to edges and strokes, late ones to parts of the objects in photographs. The boundary here is {boundary}, which gives {features} features an image. {reason}"),
        format!("靠前的块对边缘和笔画有响应，靠后的块对照片中物体的局部有响应。本实验在{boundary}之后截断，每张图片得到 {features} 个特征。{reason}"),
    )
}
