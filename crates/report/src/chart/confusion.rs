//! The confusion matrix as a picture.

use maud::{Markup, html};

use super::mark::place;
use super::{WIDTH, as_f64, picture};
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
    let cell = (WIDTH - MARGIN - 2.0) / as_f64(classes.max(1));
    let size = format!("{:.1}", (cell * 0.34).clamp(3.0, 13.0));
    let middle = MARGIN + cell * as_f64(classes) / 2.0;
    let name = |class: usize| MARGIN + cell * (as_f64(class) + 0.5);
    let content = html! {
        text.axis.middle x=(place(middle)) y="12" { (language.pick("predicted class", "预测类别")) }
        text.axis.middle transform=(format!("translate(12 {}) rotate(-90)", place(middle))) { (language.pick("true class", "真实类别")) }
        @for class in 0..classes {
            text.tick.middle x=(place(name(class))) y=(place(MARGIN - 8.0)) font-size=(size) { (class) }
            text.tick.middle x=(place(MARGIN - 12.0)) y=(place(name(class) + 4.0)) font-size=(size) { (class) }
        }
        @for truth in 0..classes {
            @let row: u64 = (0..classes).map(|predicted| confusion.count(truth, predicted)).sum();
            @for predicted in 0..classes {
                (drawn(truth, predicted, confusion.count(truth, predicted), row, cell, &size, classes))
            }
        }
    };
    let title = language.pick("Confusion matrix", "混淆矩阵");
    picture(
        title,
        WIDTH,
        MARGIN + cell * as_f64(classes) + 4.0,
        &content,
    )
    .into_string()
}

/// A cell with its count.
fn drawn(
    truth: usize,
    predicted: usize,
    count: u64,
    row: u64,
    cell: f64,
    size: &str,
    classes: usize,
) -> Markup {
    let (x, y) = (
        MARGIN + cell * as_f64(predicted),
        MARGIN + cell * as_f64(truth),
    );
    let right = truth == predicted;
    let share = crate::confusion::ratio(count, row).unwrap_or_default();
    let opacity = if right {
        0.12 + 0.38 * share
    } else {
        shade(share)
    };
    html! {
        g {
            title { (truth) " → " (predicted) ": " (number::count(count)) }
            rect.cell.right[right].wrong[!right] x=(place(x + 1.0)) y=(place(y + 1.0)) width=(place(cell - 2.0)) height=(place(cell - 2.0)) rx="2" fill-opacity=(format!("{opacity:.2}")) {}
            @if classes <= MOST_COUNTS {
                @let text = if count == 0 { "·".to_owned() } else { count.to_string() };
                text.middle.faint[count == 0] x=(place(x + cell / 2.0)) y=(place(y + cell / 2.0 + 4.5)) font-size=(size) { (text) }
            }
        }
    }
}

/// The shade of a mistake: 0.1 % of a row is just seen, 10 % is as dark as it gets.
fn shade(share: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    0.08 + 0.55 * (1.5 + share.log10() / 2.0).clamp(0.0, 1.0)
}
