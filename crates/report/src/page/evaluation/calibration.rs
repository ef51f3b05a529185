//! Whether the head is right as often as it says.

use super::super::block::{Block, Drawing, Figure, Row, Table};
use super::super::run::Run;
use crate::chart::calibration_svg;
use crate::{BINS, Bin, Evaluation, number};

pub(super) fn blocks(run: &Run, evaluation: &Evaluation) -> Vec<Block> {
    let (ece, brier) = (
        number::points(evaluation.ece, run.language),
        number::loss(evaluation.brier),
    );
    let lean = lean(run, &evaluation.calibration);
    let text = run.pick(
        format!("A classifier is calibrated if, of the images to which it gives 80 %, it gets 80 % right. Over {BINS} bins of equal width, accuracy and confidence differ by {ece} on average (expected calibration error, weighted by images); {lean}. The Brier score, the mean squared distance between probabilities and truth (0 is best, 2 worst), is {brier}."),
        format!("若给出 80% 概率的图片中恰有 80% 判断正确，则分类器是校准的。把置信度等分为 {BINS} 个区间，准确率与置信度平均相差 {ece}（期望校准误差 ECE，按图片数加权），{lean}。Brier 分数（概率与真值之间的均方距离，0 最好，2 最差）为 {brier}。"),
    );
    let figure = Figure {
        caption: run.pick(
            "Calibration curve with 95 % intervals, and the number of images in each bin. On the dashed line, confidence and accuracy agree; below it the head is too sure, above it not sure enough.",
            "校准曲线（附 95% 置信区间）及各区间的图片数。虚线表示置信度与准确率一致；点在虚线下方表示过于自信，在上方表示不够自信。",
        ).into(),
        drawing: Drawing::Svg(calibration_svg(&evaluation.calibration, run.language)),
        instead: Some(table(run, &evaluation.calibration)),
    };
    vec![Block::Text(text), Block::Figures(vec![figure])]
}

/// Whether the head is too sure of itself on the whole.
fn lean(run: &Run, bins: &[Bin]) -> &'static str {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of images are far below 2^53"
    )]
    let gap = |bin: &Bin| Some((bin.confidence? - bin.accuracy?) * bin.n as f64);
    if bins.iter().filter_map(gap).sum::<f64>() > 0.0 {
        run.pick("on the whole it is too sure of itself", "总体上过于自信")
    } else {
        run.pick(
            "on the whole it is not sure enough of itself",
            "总体上不够自信",
        )
    }
}

fn table(run: &Run, bins: &[Bin]) -> Table {
    let rows = bins.iter().filter_map(|bin| {
        let range = format!("{}–{}", run.percent(bin.low), run.percent(bin.high));
        Some(Row::plain([
            range,
            number::count(bin.n),
            run.percent(bin.confidence?),
            run.percent(bin.accuracy?),
        ]))
    });
    let columns = run.pick(
        ["bin", "#images", "#mean confidence", "#accuracy"],
        ["区间", "#图片数", "#平均置信度", "#准确率"],
    );
    Table::plain(
        run.pick("Accuracy by confidence", "各置信度区间的准确率"),
        &columns,
        rows.collect(),
    )
}
