//! Values beside names, one below the other: nothing long has to fit below an axis.

use maud::{Markup, html};

use super::mark::{colour, lines, mark, place, width};
use super::plot::value;
use super::scale::Scale;
use super::{Chart, Point, WIDTH, key, picture};
use crate::count::float;
use crate::{Language, number};

/// The height of a point's row.
const ROW: f64 = 17.0;
/// The room between two names.
const BETWEEN: f64 = 9.0;
/// The widest a name may be; what is longer is broken.
const WIDEST: f64 = 150.0;
/// The room for values at the right.
const VALUES: f64 = 62.0;

/// Draws `chart` sideways.
pub(super) fn draw(chart: &Chart, names: &[String], language: Language) -> Markup {
    let broken: Vec<Vec<String>> = names.iter().map(|name| lines(name, WIDEST)).collect();
    let rows = float(chart.series.len().max(1));
    let most = float(broken.iter().map(Vec::len).max().unwrap_or(1));
    let band = (rows * ROW).max(most * 15.0) + BETWEEN;
    let top = key::height(&chart.series) + 8.0;
    let bottom = top + band * float(names.len());
    let widest = broken
        .iter()
        .flatten()
        .map(|line| width(line))
        .fold(0.0, f64::max);
    let (left, right) = (widest + 12.0, WIDTH - VALUES);
    let (low, high) = chart.heights();
    let x = Scale::linear(low, high, 4.0, left + 6.0..right - 6.0);
    let tick = |value: f64| number::tick(value, x.step, chart.percent.then_some(language));
    let row = |name: f64, series: usize| {
        let middle = (rows - 1.0) / 2.0;
        top + band * (name + 0.5) + ROW * (float(series) - middle)
    };
    let content = html! {
        @if chart.series.len() > 1 { (key::key(&chart.series, 0.0)) }
        @for at in &x.ticks {
            @let (here, text) = (place(x.at(*at)), tick(*at));
            line.grid x1=(here) x2=(here) y1=(place(top)) y2=(place(bottom)) {}
            text.tick.middle x=(here) y=(place(bottom + 16.0)) { (text) }
        }
        text.axis.middle x=(place(f64::midpoint(left, right))) y=(place(bottom + 36.0)) { (chart.y_label) }
        @for (number, name) in broken.iter().enumerate() {
            @let middle = top + band * (float(number) + 0.5) + 4.0;
            @for (line, text) in name.iter().enumerate() {
                @let y = middle + 15.0 * (float(line) - float(name.len() - 1) / 2.0);
                text.end x=(place(left - 8.0)) y=(place(y)) { (text) }
            }
            @if number > 0 {
                @let y = place(top + band * float(number));
                line.grid x1="0" x2=(WIDTH) y1=(y) y2=(y) {}
            }
        }
        @for (number, series) in chart.series.iter().enumerate() {
            g.(colour(number)) {
                @for point in &series.points {
                    (drawn(point, number, row(point.x, number), &x, chart, language))
                }
            }
        }
    };
    picture(&chart.title, WIDTH, bottom + 44.0, &content)
}

/// A point with its whiskers and its value.
fn drawn(
    point: &Point,
    series: usize,
    y: f64,
    x: &Scale,
    chart: &Chart,
    language: Language,
) -> Markup {
    html! {
        @if let Some((low, high)) = point.interval {
            path.whisker d=(format!("M{0},{1}H{2}m0,-3v6M{0},{3}v6", place(x.at(low)), place(y), place(x.at(high)), place(y - 3.0))) {}
        }
        (mark(series, x.at(point.y), y))
        text.name.end x=(WIDTH) y=(place(y + 4.0)) { (value(point.y, chart.percent, language)) }
    }
}
