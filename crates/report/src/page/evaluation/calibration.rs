//! Whether the head is right as often as it says.

use super::super::block::{Block, Drawing, Figure, Table, row};
use super::super::run::Run;
use crate::chart::calibration_svg;
use crate::count::float;
use crate::{BINS, Bin, Evaluation, Z_95, number};

pub(super) fn blocks(run: &Run, evaluation: &Evaluation) -> [Block; 2] {
    let ece = number::points(evaluation.ece, run.language);
    let brier = number::loss(evaluation.brier);
    let bins = &evaluation.calibration;
    let lean = lean(run, bins);
    let text = run.text(
        format!("A classifier is calibrated if, of the images to which it gives 80 %, it gets 80 % right. Over {BINS} bins of equal width, accuracy and confidence differ by {ece} on average (expected calibration error, weighted by images); {lean}. The Brier score, the mean squared distance between probabilities and truth (0 is best, 2 worst), is {brier}."),
        format!("若给出 80% 概率的图片中恰有 80% 判断正确，则分类器是校准的。把置信度等分为 {BINS} 个区间，准确率与置信度平均相差 {ece}（期望校准误差 ECE，按图片数加权），{lean}。Brier 分数（概率与真值之间的均方距离，0 最好，2 最差）为 {brier}。"),
    );
    let figure = Figure {
        caption: run.pick(
            "Calibration curve with 95 % intervals, and the number of images in each bin. On the dashed line, confidence and accuracy agree; below it the head is overconfident, above it underconfident.",
            "校准曲线（附 95% 置信区间）及各区间的图片数。虚线表示置信度与准确率一致；点在虚线下方表示过于自信，在上方表示不够自信。",
        ).into(),
        drawing: Drawing::Svg(calibration_svg(bins, run.language)),
        instead: Some(table(run, bins)),
    };
    [text, Block::Figures(vec![figure])]
}

/// Whether the head is too sure of itself on the whole: its mean confidence less its accuracy, against
/// what chance explains.
fn lean(run: &Run, bins: &[Bin]) -> String {
    let Some((gap, chance)) = gap(bins) else {
        return run.pick("there are no images", "没有图片").to_owned();
    };
    let [size, margin] = [gap.abs(), chance].map(|share| number::points(share, run.language));
    let (place, verdict) = if gap < 0.0 {
        run.pick(("below", "underconfident"), ("低", "不够自信"))
    } else {
        run.pick(("above", "overconfident"), ("高", "过于自信"))
    };
    let all = run.pick(
        format!("its mean confidence is {size} {place} its accuracy"),
        format!("平均置信度比准确率{place} {size}"),
    );
    if gap.abs() <= chance {
        return run.pick(
            format!("overall it is neither clearly overconfident nor clearly underconfident: {all}, and chance alone explains up to {margin} (at 95\u{a0}%)"),
            format!("总体上看不出过于自信或不够自信：{all}，而仅偶然因素就可造成至多 {margin}的差距（95% 水平）"),
        );
    }
    run.pick(
        format!("overall it is {verdict}: {all}, and chance explains no more than {margin} (at 95\u{a0}%)"),
        format!("总体上{verdict}：{all}，而偶然因素至多造成 {margin}的差距（95% 水平）"),
    )
}

/// Mean confidence minus accuracy over all images, and how far from 0 it is by chance, at 95 %, where
/// the head is calibrated: then an image is right with the probability c that it was given, which has
/// the variance c (1 - c) (Spiegelhalter, "Probabilistic prediction in patient management and clinical
/// trials", Statistics in Medicine 5, 1986). Each bin counts by its mean confidence, which makes the
/// variance a little larger, never smaller.
fn gap(bins: &[Bin]) -> Option<(f64, f64)> {
    let (mut n, mut surplus, mut variance) = (0, 0.0, 0.0);
    for bin in bins {
        if let Some(c) = bin.confidence {
            n += bin.n;
            surplus += c * float(bin.n) - float(bin.correct);
            variance += float(bin.n) * c * (1.0 - c);
        }
    }
    let margin = Z_95 * f64::max(variance, 0.0).sqrt();
    (n > 0).then(|| (surplus / float(n), margin / float(n)))
}

fn table(run: &Run, bins: &[Bin]) -> Table {
    let rows = bins.iter().filter_map(|bin| {
        Some(row![
            format!("{}–{}", run.percent(bin.low), run.percent(bin.high)),
            number::count(bin.n),
            run.percent(bin.confidence?),
            run.percent(bin.accuracy?),
        ])
    });
    let titles = run.pick(
        "bin | #images | #mean confidence | #accuracy",
        "区间 | #图片数 | #平均置信度 | #准确率",
    );
    let caption = run.pick("Accuracy by confidence", "各置信度区间的准确率");
    Table::new(caption, titles, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::page::tests::record::record;

    #[test]
    fn a_gap_within_chance_gets_no_verdict() {
        let record = record();
        // All with confidence 0.8: chance explains 1.96 * sqrt(0.8 * 0.2 / 100) = 0.0784.
        for (right, language, words) in [
            (
                73,
                Language::En,
                "neither clearly overconfident nor clearly underconfident: its mean confidence is 7.00 percentage points above its accuracy, and chance alone explains up to 7.84 percentage points",
            ),
            (
                72,
                Language::En,
                "overall it is overconfident: its mean confidence is 8.00 percentage points above",
            ),
            (
                88,
                Language::En,
                "overall it is underconfident: its mean confidence is 8.00 percentage points below",
            ),
            (
                87,
                Language::Zh,
                "看不出过于自信或不够自信：平均置信度比准确率低 7.00 个百分点",
            ),
            (
                72,
                Language::Zh,
                "总体上过于自信：平均置信度比准确率高 8.00 个百分点，而偶然因素至多造成 7.84 个百分点的差距",
            ),
            (88, Language::Zh, "总体上不够自信"),
        ] {
            let images: Vec<_> = (0..100).map(|image| (0.8, image < right)).collect();
            let said = lean(&Run::new(&record, language), &crate::bins(&images));
            assert!(said.contains(words), "{right}: {said}");
        }
        let nothing = lean(&Run::new(&record, Language::En), &crate::bins(&[]));
        assert_eq!(nothing, "there are no images");
    }
}
