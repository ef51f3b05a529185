//! Whether probabilities mean what they say, as a picture.

use maud::{Markup, html};

use super::mark::{mark, place, whisker, width};
use super::scale::Scale;
use super::{WIDTH, picture};
use crate::{Bin, Language, number, wilson};

/// The height of the plotted area.
const HEIGHT: f64 = 250.0;
/// The height of the strip with the bins' counts.
const STRIP: f64 = 56.0;
/// Where the plotted area begins.
const TOP: f64 = 30.0;

/// Draws accuracy against confidence with Wilson's intervals, over a strip of the bins' counts.
#[must_use]
pub fn calibration_svg(bins: &[Bin], language: Language) -> String {
    let tick = |value: f64| number::tick(value, 0.2, Some(language));
    let (left, right) = (width(&tick(1.0)) + 10.0, WIDTH - 14.0);
    let bottom = TOP + HEIGHT;
    let x = Scale::linear(0.0, 1.0, 5.0, left..right);
    let y = Scale::linear(0.0, 1.0, 5.0, bottom..TOP);
    let base = bottom + STRIP;
    let content = html! {
        text.axis x="0" y="13" { (language.pick("share that was right", "实际正确的比例")) }
        @for value in &y.ticks {
            @let at = place(y.at(*value));
            line.grid x1=(place(left)) x2=(place(right)) y1=(at) y2=(at) {}
            text.tick.end x=(place(left - 8.0)) y=(place(y.at(*value) + 4.0)) { (tick(*value)) }
        }
        line.ideal x1=(place(x.at(0.0))) y1=(place(y.at(0.0))) x2=(place(x.at(1.0))) y2=(place(y.at(1.0))) {}
        @for bin in bins { (drawn(bin, &x, &y)) }
        line.base x1=(place(left)) x2=(place(right)) y1=(place(base)) y2=(place(base)) {}
        @for value in &x.ticks {
            text.tick.middle x=(place(x.at(*value))) y=(place(base + 17.0)) { (tick(*value)) }
        }
        text.axis.middle x=(place(f64::midpoint(left, right))) y=(place(base + 37.0)) { (below(language)) }
        @for bin in bins.iter().filter(|bin| bin.n > 0) {
            @let at = x.at(f64::midpoint(bin.low, bin.high));
            text.tick transform=(format!("translate({} {}) rotate(-90)", place(at + 4.0), place(base - 5.0))) { (number::count(bin.n)) }
        }
    };
    let title = language.pick("Calibration curve", "校准曲线");
    picture(title, WIDTH, base + 44.0, &content).into_string()
}

/// What stands below the strip.
fn below(language: Language) -> &'static str {
    language.pick(
        "probability of the predicted class; above: number of images",
        "预测类别的概率；其上方的数字为图片数",
    )
}

/// A bin that has images.
fn drawn(bin: &Bin, x: &Scale, y: &Scale) -> Markup {
    let Some((confidence, accuracy)) = bin.confidence.zip(bin.accuracy) else {
        return html! {};
    };
    let interval = wilson(bin.correct, bin.n);
    let across = x.at(confidence);
    html! {
        g.s0 {
            title { (number::count(bin.correct)) " / " (number::count(bin.n)) }
            (whisker(across, [interval.low, interval.high].map(|end| y.at(end))))
            (mark(0, across, y.at(accuracy)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_axis_fits() {
        for language in Language::ALL {
            let left = width(&number::tick(1.0, 0.2, Some(language))) + 10.0;
            let room = 2.0 * (WIDTH - f64::midpoint(left, WIDTH - 14.0));
            assert!(width(below(language)) <= room, "{}", below(language));
        }
    }
}
