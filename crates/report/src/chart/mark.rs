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
        let corners = corners.iter();
        let corners = corners.map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy));
        let corners: Vec<String> = corners.collect();
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

/// An interval from height to height, with bars at its ends.
pub(super) fn whisker(x: f64, ends: [f64; 2]) -> Markup {
    let [low, high] = ends.map(place);
    let line = format!(
        "M{0},{low}V{high}m-3,0h6M{1},{low}h6",
        place(x),
        place(x - 3.0)
    );
    html! { path.whisker d=(line) {} }
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

/// A name in lines of at most `widest`, broken at spaces, and as Chinese is before brackets and behind
/// commas.
pub(super) fn lines(name: &str, widest: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split(' ').filter(|word| !word.is_empty()) {
        let pieces = word.replace('（', "\n（").replace('，', "，\n");
        for (number, piece) in pieces.split_terminator('\n').enumerate() {
            let space = if number == 0 { " " } else { "" };
            match lines.last_mut() {
                Some(line) if width(line) + width(space) + width(piece) <= widest => {
                    line.push_str(space);
                    line.push_str(piece);
                }
                _ => lines.push(piece.to_owned()),
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_broken() {
        for (name, widest, broken) in [
            ("block 1 (16384)", 70.0, &["block 1", "(16384)"][..]),
            ("第 1 块（16384）", 60.0, &["第 1 块", "（16384）"]),
            ("第 1 块（512）", 200.0, &["第 1 块（512）"]),
            ("32 px, padded", 200.0, &["32 px, padded"]),
            ("32 像素，放大", 58.0, &["32 像素，", "放大"]),
            ("（一）", 99.0, &["（一）"]),
            ("unbreakable", 10.0, &["unbreakable"]),
            ("", 10.0, &[]),
        ] {
            assert_eq!(lines(name, widest), broken, "{name}");
        }
    }
}
