//! Heights over an axis: lines, points and whiskers.

use maud::{Markup, html};

use super::mark::{colour, dashes, lines, mark, place, whisker, width};
use super::scale::Scale;
use super::{Axis, Chart, Point, Series, WIDTH, extent, key, picture};
use crate::count::float;
use crate::{Language, number};

/// The height of the plotted area.
const HEIGHT: f64 = 212.0;
/// The room below it, for marks and the axis' name.
const BELOW: f64 = 44.0;
/// The height of a further line of a name.
const NAME: f64 = 14.0;
/// The room between two marks on the horizontal axis.
const APART: f64 = 26.0;
/// The most names along an axis; of more, every second, third or so is written.
const MOST_NAMES: usize = 30;
/// Marks of a line that are nearer than this hide its dashes.
const CROWDED: f64 = 20.0;
/// How far points of different series at one place are moved apart.
const DODGE: f64 = 6.0;

/// Draws `chart` upwards.
pub(super) fn draw(chart: &Chart, language: Language) -> Markup {
    let beside = key::room_beside(&chart.series);
    let above = beside.map_or_else(|| key::height(&chart.series), |_| 0.0);
    let top = above + 32.0;
    let bottom = top + HEIGHT;
    let y = heights(chart, bottom, top);
    let tick = |value: &f64| number::tick(*value, y.step, chart.percent.then_some(language));
    let widths = y.ticks.iter().map(|value| width(&tick(value)));
    let widest = widths.fold(0.0, f64::max);
    let (left, right) = (widest + 10.0, WIDTH - beside.unwrap_or(16.0));
    // Points that are moved apart stay inside.
    let inside = 8.0 + dodge(chart, chart.series.len().saturating_sub(1)).abs();
    let x = across(chart, left + inside, right - inside);
    let slot = (right - left) / float(x.ticks.len().max(1)) - 6.0;
    let ticks = x.ticks.iter();
    let named_lines = ticks.map(|value| named(&chart.x, *value, slot).len());
    let below = BELOW + NAME * float(named_lines.max().unwrap_or(1).saturating_sub(1));
    let content = html! {
            @if beside.is_none() && above > 0.0 { (key::key(&chart.series, 0.0)) }
            text.axis x="0" y=(place(above + 15.0)) { (chart.y_label) }
            @for value in &y.ticks {
                @let at = place(y.at(*value));
                line.grid x1=(place(left)) x2=(place(right)) y1=(at) y2=(at) {}
                text.tick.end x=(place(left - 8.0)) y=(place(y.at(*value) + 4.0)) { (tick(value)) }
            }
            line.base x1=(place(left)) x2=(place(right)) y1=(place(bottom)) y2=(place(bottom)) {}
            @for value in &x.ticks {
                @let at = x.at(*value);
                line.base x1=(place(at)) x2=(place(at)) y1=(place(bottom)) y2=(place(bottom + 4.0)) {}
    @for (line, text) in named(&chart.x, *value, slot).iter().enumerate() {
                    text.tick.middle x=(place(at)) y=(place(bottom + 18.0 + NAME * float(line))) { (text) }
                }
            }
            text.axis.middle x=(place(f64::midpoint(left, right))) y=(place(bottom + below - 6.0)) { (chart.x_label) }
            @for (number, series) in chart.series.iter().enumerate() {
                (drawn(series, number, chart, &x, &y, language))
            }
            @if beside.is_some() {
                @let ends: Vec<f64> = chart.series.iter().filter_map(|s| Some(y.at(s.points.last()?.y))).collect();
                (key::beside(&chart.series, right + 6.0, &ends, top + 4.0, bottom - 4.0))
            }
        };
    picture(&chart.title, WIDTH, bottom + below, &content)
}

/// One series.
fn drawn(
    series: &Series,
    number: usize,
    chart: &Chart,
    x: &Scale,
    y: &Scale,
    language: Language,
) -> Markup {
    let moved = dodge(chart, number);
    let at = |point: &Point| (x.at(point.x) + moved, y.at(point.y));
    let line = series.points.iter().map(at);
    let line = line.map(|(x, y)| format!("{},{}", place(x), place(y)));
    let line: Vec<String> = line.collect();
    html! {
        g.(colour(number)) {
            @if series.joined && line.len() > 1 {
                polyline.line points=(line.join(" ")) stroke-dasharray=(dashes(number)) {}
            }
            @for (point, marked) in series.points.iter().zip(marked(series, x)) {
                @let (left, up) = at(point);
                g {
                    title { (series.name) ", " (name(&chart.x, point.x)) ": " (value(point.y, chart.percent, language)) }
                    @if let Some((low, high)) = point.interval {
                        (whisker(left, [low, high].map(|end| y.at(end))))
                    }
                    @if marked { (mark(number, left, up)) }
                }
            }
        }
    }
}

/// Which points get a mark: on a line that is crowded with them, only some, so that its dashes show.
fn marked(series: &Series, x: &Scale) -> Vec<bool> {
    let mut last = f64::NEG_INFINITY;
    let shown = |point: &Point| {
        let at = x.at(point.x);
        let shown = !series.joined || point.interval.is_some() || (at - last).abs() >= CROWDED;
        last = if shown { at } else { last };
        shown
    };
    series.points.iter().map(shown).collect()
}

/// How far the points of series number `series` are moved, so that no whisker hides another.
fn dodge(chart: &Chart, series: usize) -> f64 {
    if !chart.points().any(|point| point.interval.is_some()) {
        return 0.0;
    }
    DODGE * (float(series) - float(chart.series.len().saturating_sub(1)) / 2.0)
}

/// The vertical scale: from 0 where that wastes little, never beyond 100 %.
fn heights(chart: &Chart, bottom: f64, top: f64) -> Scale {
    let (low, high) = chart.heights();
    let near = low > 0.0 && low < 0.5 * high;
    let scale = Scale::linear(if near { 0.0 } else { low }, high, 5.0, bottom..top);
    if chart.percent && high <= 1.0 {
        scale.up_to(1.0)
    } else {
        scale
    }
}

/// The horizontal scale.
fn across(chart: &Chart, left: f64, right: f64) -> Scale {
    let values: Vec<f64> = chart.points().map(|point| point.x).collect();
    let (low, high) = extent(values.iter().copied()).unwrap_or((0.0, 1.0));
    match &chart.x {
        Axis::Linear => {
            let mut round = Scale::linear(low, high, 6.0, left..right).ticks;
            round.retain(|tick| (low..=high).contains(tick));
            Scale::exact(low, high, round, left..right).marked_at(&values, APART)
        }
        Axis::Logarithmic => {
            Scale::logarithmic(low, high, 9, left..right).marked_at(&values, APART)
        }
        Axis::Names(names) => {
            let every = names.len().div_ceil(MOST_NAMES).max(1);
            let places: Vec<f64> = (0..names.len()).step_by(every).map(float).collect();
            Scale::exact(-0.5, float(names.len()) - 0.5, places, left..right)
        }
    }
}

/// What stands below a mark of the horizontal axis, in lines that fit its `slot`.
fn named(axis: &Axis, value: f64, slot: f64) -> Vec<String> {
    match axis {
        Axis::Names(_) => lines(&name(axis, value), slot),
        _ => vec![name(axis, value)],
    }
}

/// The name of a place on the horizontal axis.
fn name(axis: &Axis, value: f64) -> String {
    match axis {
        Axis::Names(names) => {
            let mut numbered = (0..).zip(names);
            let here = numbered.find(|(at, _)| (f64::from(*at) - value).abs() < 0.25);
            here.map_or_else(String::new, |(_, name)| name.clone())
        }
        _ => number::plain(value),
    }
}

/// A height as text.
fn value(value: f64, percent: bool, language: Language) -> String {
    if percent {
        number::percent(value, language)
    } else {
        number::loss(value)
    }
}
