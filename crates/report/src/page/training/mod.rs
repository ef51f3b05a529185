//! Part 3: hyperparameters, curves, and where the time went.

mod curves;
mod settings;
mod time;

use super::block::{Block, Part};
use super::run::Run;
use crate::number;

pub(super) fn part(run: &Run) -> Part {
    let mut blocks = vec![loss(run), Block::Table(settings::table(run))];
    blocks.extend(curves::blocks(run));
    blocks.extend(time::blocks(run));
    Part {
        anchor: "training",
        title: run.pick("3. Training", "三、模型训练"),
        blocks,
    }
}

fn loss(run: &Run) -> Block {
    let images = run.record.manifest.trained_on as u64;
    let batch = run.whole("training.batch_size").filter(|batch| *batch > 0);
    let steps = batch.map(|batch| number::count(images.div_ceil(batch)));
    let steps = steps.unwrap_or_default();
    let trained = if run.trains_blocks() {
        run.pick(
            "The head and the unfrozen blocks are",
            "分类头和未冻结的各块",
        )
    } else {
        run.pick("The head is", "分类头")
    };
    run.text(
        format!("{trained} trained with Adam to minimise the cross-entropy loss, {steps} steps per epoch, in an order given by the seed. The complete recipe:"),
        format!("{trained}用 Adam 优化器最小化交叉熵损失，每轮（epoch）{steps} 步，样本顺序由随机种子决定。完整的超参数："),
    )
}
