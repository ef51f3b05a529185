//! What tells series apart without colour: their marks and dashes.

use maud::{Markup, html};

/// How many series look different; more begin again.
const LOOKS: usize = 6;

/// The class that gives series number `series` its colour.
pub(super) fn colour(series: usize) -> String {
    format!("s{}", series % LOOKS)
}

/// The dashes of its line.
pub(super) fn dashes(series: usize) -> &'static str {
    ["none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4"][series % LOOKS]
}

/// Its mark, around a place.
pub(super) fn mark(series: usize, x: f64, y: f64) -> Markup {
    let polygon = |corners: &[(f64, f64)]| {
        let corners: Vec<String> = corners
            .iter()
            .map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy))
            .collect();
        html! { polygon.mark points=(corners.join(" ")) {} }
    };
    match series % LOOKS {
        0 => html! { circle.mark cx=(place(x)) cy=(place(y)) r="3.6" {} },
        1 => polygon(&[(-3.3, -3.3), (3.3, -3.3), (3.3, 3.3), (-3.3, 3.3)]),
        2 => polygon(&[(0.0, -4.6), (4.3, 3.2), (-4.3, 3.2)]),
        3 => polygon(&[(0.0, -4.8), (4.8, 0.0), (0.0, 4.8), (-4.8, 0.0)]),
        4 => html! { circle.mark.open cx=(place(x)) cy=(place(y)) r="3.6" {} },
        _ => polygon(&[(-4.3, -3.2), (4.3, -3.2), (0.0, 4.6)]),
    }
}

/// A coordinate as text: a tenth of a pixel is enough.
pub(super) fn place(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// About how wide `text` is at a font size of 12: Chinese characters are square.
pub(super) fn width(text: &str) -> f64 {
    let width = |c: char| match c {
        '\u{2e80}'.. => 12.0,
        'i' | 'l' | 'j' | '.' | ',' | ' ' | '\u{a0}' | ':' | '|' => 3.6,
        'm' | 'w' | 'M' | 'W' | '%' => 10.0,
        _ => 6.8,
    };
    text.chars().map(width).sum()
}
