//! The confusion matrix as a picture.

use maud::html;

use super::mark::{place, width};
use super::{WIDTH, picture};
use crate::count::{float, ratio};
use crate::{Confusion, Language, number};

/// The room for names at the left and above.
const MARGIN: f64 = 40.0;
/// The most characters of a name.
const LONGEST: usize = 14;
/// More classes than this leave no room for counts.
const MOST_COUNTS: usize = 16;

/// Draws `confusion`: rows are true classes, columns predicted ones. What is right is framed; the
/// shade of a mistake is the logarithm of its share of the row. `link` says which place of the page a cell (true
/// class, predicted class) leads to.
#[must_use]
pub fn confusion_svg(
    confusion: &Confusion,
    names: &[String],
    link: impl Fn((usize, usize)) -> Option<String>,
    language: Language,
) -> String {
    let classes = confusion.classes();
    let shown: Vec<String> = names.iter().map(|name| shortened(name)).collect();
    let widest = shown.iter().map(|name| width(name)).fold(0.0, f64::max);
    let margin = MARGIN.max(widest + 24.0);
    let side = (WIDTH - margin - 2.0) / float(classes.max(1));
    let letters = (side * 0.34).clamp(3.0, 13.0);
    let font = format!("{letters:.1}");
    // Names that are wider than a column run upwards.
    let upright = widest * letters / 13.0 <= side;
    let end = margin + side * float(classes);
    let middle = place(f64::midpoint(margin, end));
    let name = |class: usize| margin + side * (float(class) + 0.5);
    let of = |class: usize| names.get(class).map_or("", String::as_str);
    let cell = |truth: usize, predicted: usize| {
        let count = confusion.count(truth, predicted);
        let share = ratio(count, confusion.images(truth)).unwrap_or_default();
        let (x, y) = (
            margin + side * float(predicted),
            margin + side * float(truth),
        );
        let right = truth == predicted;
        let opacity = if right {
            0.12 + 0.38 * share
        } else {
            shade(share)
        };
        let cell = html! {
            g {
                title { (of(truth)) " → " (of(predicted)) ": " (number::count(count)) }
                rect.cell.right[right].wrong[!right] x=(place(x + 1.0)) y=(place(y + 1.0)) width=(place(side - 2.0)) height=(place(side - 2.0)) rx="2" fill-opacity=(format!("{opacity:.2}")) {}
                @if classes <= MOST_COUNTS {
                    @let text = if count == 0 { "·".to_owned() } else { count.to_string() };
                    text.middle.faint[count == 0] x=(place(x + side / 2.0)) y=(place(y + side / 2.0 + 4.5)) font-size=(font) { (text) }
                }
            }
        };
        html! {
            @match link((truth, predicted)) {
                Some(to) => a href=(format!("#{to}")) { (cell) },
                None => (cell),
            }
        }
    };
    let content = html! {
        text.axis.middle x=(middle) y="12" { (language.pick("predicted class", "预测类别")) }
        text.axis.middle transform=(format!("translate(12 {middle}) rotate(-90)")) { (language.pick("true class", "真实类别")) }
        @for (class, text) in shown.iter().enumerate() {
            @if upright {
                text.tick.middle x=(place(name(class))) y=(place(margin - 8.0)) font-size=(font) { (text) }
                text.tick.middle x=(place(margin - 8.0 - widest.max(8.0) / 2.0)) y=(place(name(class) + 4.0)) font-size=(font) { (text) }
            } @else {
                text.tick transform=(format!("translate({} {}) rotate(-90)", place(name(class) + 4.0), place(margin - 4.0))) font-size=(font) { (text) }
                text.tick.end x=(place(margin - 4.0)) y=(place(name(class) + 4.0)) font-size=(font) { (text) }
            }
        }
        @for truth in 0..classes {
            @for predicted in 0..classes { (cell(truth, predicted)) }
        }
    };
    let title = language.pick("Confusion matrix", "混淆矩阵");
    picture(title, WIDTH, end + 4.0, &content).into_string()
}

/// A name as long as there is room for; all of it is in the titles.
fn shortened(name: &str) -> String {
    let name = name.replace(['\n', '\r'], " ");
    if name.chars().count() <= LONGEST {
        return name;
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The shade of a mistake: 0.1 % of a row is just seen, 10 % is as dark as it gets.
fn shade(share: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    0.08 + 0.55 * (1.5 + share.log10() / 2.0).clamp(0.0, 1.0)
}
