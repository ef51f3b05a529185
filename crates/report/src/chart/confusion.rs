//! The confusion matrix as a picture.

use maud::html;

use super::mark::place;
use super::{WIDTH, picture};
use crate::count::{float, ratio};
use crate::{Confusion, Language, number};

/// The room for names at the left and above.
const MARGIN: f64 = 40.0;
/// More classes than this leave no room for counts.
const MOST_COUNTS: usize = 16;

/// Draws `confusion`: rows are true classes, columns predicted ones. What is right is framed; the
/// shade of a mistake is the logarithm of its share of the row.
#[must_use]
pub fn confusion_svg(confusion: &Confusion, language: Language) -> String {
    let classes = confusion.classes();
    let side = (WIDTH - MARGIN - 2.0) / float(classes.max(1));
    let font = format!("{:.1}", (side * 0.34).clamp(3.0, 13.0));
    let end = MARGIN + side * float(classes);
    let middle = place(f64::midpoint(MARGIN, end));
    let name = |class: usize| MARGIN + side * (float(class) + 0.5);
    let cell = |truth: usize, predicted: usize| {
        let count = confusion.count(truth, predicted);
        let share = ratio(count, confusion.images(truth)).unwrap_or_default();
        let (x, y) = (
            MARGIN + side * float(predicted),
            MARGIN + side * float(truth),
        );
        let right = truth == predicted;
        let opacity = if right {
            0.12 + 0.38 * share
        } else {
            shade(share)
        };
        html! {
            g {
                title { (truth) " → " (predicted) ": " (number::count(count)) }
                rect.cell.right[right].wrong[!right] x=(place(x + 1.0)) y=(place(y + 1.0)) width=(place(side - 2.0)) height=(place(side - 2.0)) rx="2" fill-opacity=(format!("{opacity:.2}")) {}
                @if classes <= MOST_COUNTS {
                    @let text = if count == 0 { "·".to_owned() } else { count.to_string() };
                    text.middle.faint[count == 0] x=(place(x + side / 2.0)) y=(place(y + side / 2.0 + 4.5)) font-size=(font) { (text) }
                }
            }
        }
    };
    let content = html! {
        text.axis.middle x=(middle) y="12" { (language.pick("predicted class", "预测类别")) }
        text.axis.middle transform=(format!("translate(12 {middle}) rotate(-90)")) { (language.pick("true class", "真实类别")) }
        @for class in 0..classes {
            text.tick.middle x=(place(name(class))) y=(place(MARGIN - 8.0)) font-size=(font) { (class) }
            text.tick.middle x=(place(MARGIN - 12.0)) y=(place(name(class) + 4.0)) font-size=(font) { (class) }
        }
        @for truth in 0..classes {
            @for predicted in 0..classes { (cell(truth, predicted)) }
        }
    };
    let title = language.pick("Confusion matrix", "混淆矩阵");
    picture(title, WIDTH, end + 4.0, &content).into_string()
}

/// The shade of a mistake: 0.1 % of a row is just seen, 10 % is as dark as it gets.
fn shade(share: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    0.08 + 0.55 * (1.5 + share.log10() / 2.0).clamp(0.0, 1.0)
}
