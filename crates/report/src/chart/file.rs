//! A chart as a file of its own, which brings its looks along.

use super::{Chart, STYLE, svg};
use crate::Language;

/// Paper and ink, which pages have otherwise.
const PAPER: &str = ":root { background: #fff; color: #1b1f24; }
@media screen and (prefers-color-scheme: dark) {
  :root { background: #15181c; color: #e7e9ec; --paper: #15181c; }
}";

/// Draws `chart` as an SVG file that any viewer shows.
#[must_use]
pub fn svg_file(chart: &Chart, language: Language) -> String {
    let drawn = svg(chart, language);
    let namespace = r#"<svg xmlns="http://www.w3.org/2000/svg" "#;
    let drawn = drawn.replacen("<svg ", namespace, 1);
    match drawn.split_once('>') {
        Some((head, rest)) => format!("{head}><style>\n{PAPER}\n{STYLE}</style>{rest}\n"),
        None => drawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Axis, Point, Series};

    #[test]
    fn begins_as_an_svg_file_does() {
        let point = |x| Point {
            x,
            y: 0.5,
            interval: None,
        };
        let chart = Chart {
            title: "a < b".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            x: Axis::Linear,
            percent: true,
            series: vec![Series {
                name: "one".into(),
                joined: true,
                points: vec![point(1.0), point(2.0)],
            }],
        };
        let file = svg_file(&chart, Language::En);
        let start = r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="#;
        assert!(file.starts_with(start), "{}", &file[..200]);
        assert!(file.contains("><style>\n:root") && file.ends_with("</svg>\n"));
        assert!(!STYLE.contains(['<', '&']) && file.contains("a &lt; b"));
    }
}
