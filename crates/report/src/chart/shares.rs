//! What a whole is made of, as one bar.

use maud::html;

use super::mark::{colour, place, width};
use super::{WIDTH, picture};

/// The bar's height.
const BAR: f64 = 26.0;

/// Draws `parts`, each with its name and size, as one bar. A part too small for its name has it in
/// the table that belongs to the picture.
#[must_use]
pub fn shares_svg(title: &str, parts: &[(String, f64)]) -> String {
    let whole: f64 = parts.iter().map(|(_, size)| size.max(0.0)).sum();
    let mut begin = 0.0;
    let mut placed = Vec::new();
    for (name, size) in parts {
        let wide = WIDTH * size.max(0.0) / whole.max(f64::MIN_POSITIVE);
        placed.push((name, begin, wide));
        begin += wide;
    }
    let content = html! {
        @for (number, (name, begin, wide)) in placed.iter().enumerate() {
            g.(colour(number)) {
                title { (name) }
                rect.share x=(place(*begin)) y="1" width=(place((wide - 1.5).max(0.5))) height=(place(BAR)) rx="1.5" {}
                @if width(name) + 12.0 <= *wide {
                    text x=(place(begin + 8.0)) y=(place(BAR / 2.0 + 5.0)) { (name) }
                }
            }
        }
    };
    picture(title, WIDTH, BAR + 2.0, &content).into_string()
}
