//! Which series is which: names beside the lines' ends, or a key above the picture.

use maud::{Markup, html};

use super::mark::{colour, dashes, mark, place, width};
use super::{Series, WIDTH};

/// The height of a line of the key.
pub(super) const LINE: f64 = 20.0;
/// The widest name that still stands beside a line's end.
const WIDEST: f64 = 110.0;
/// The least distance between two names.
const APART: f64 = 15.0;
/// The room of a sample in the key, and behind a name.
const SAMPLE: f64 = 34.0;

/// The room that names beside the ends take, if they can stand there: joined lines that end
/// together, with short names.
pub(super) fn room_beside(series: &[Series]) -> Option<f64> {
    let end = |series: &Series| series.points.last().map(|point| point.x);
    let widest = series
        .iter()
        .map(|series| width(&series.name))
        .fold(0.0, f64::max);
    let together = series.iter().all(|one| {
        let same = |(a, b): (f64, f64)| (a - b).abs() < f64::EPSILON * a.abs();
        one.joined && end(one).zip(end(&series[0])).is_some_and(same)
    });
    (series.len() > 1 && together && widest <= WIDEST).then_some(widest + 14.0)
}

/// Names at `x` beside the `heights` where their lines end, moved apart within `top` and `bottom`.
pub(super) fn beside(series: &[Series], x: f64, heights: &[f64], top: f64, bottom: f64) -> Markup {
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut moved = heights.to_vec();
    for two in 1..order.len() {
        let above = moved[order[two - 1]] + APART;
        moved[order[two]] = moved[order[two]].max(above);
    }
    let mut limit = bottom;
    for at in order.iter().rev() {
        moved[*at] = moved[*at].min(limit).max(top);
        limit = moved[*at] - APART;
    }
    html! {
        @for (number, one) in series.iter().enumerate() {
            text.name.(colour(number)) x=(place(x)) y=(place(moved[number] + 4.0)) { (one.name) }
        }
    }
}

/// How high the key is.
pub(super) fn height(series: &[Series]) -> f64 {
    match series.len() {
        0 | 1 => 0.0,
        _ => places(series).last().map_or(0.0, |(_, y)| y + LINE),
    }
}

/// The key, below `top`: a sample and a name a series.
pub(super) fn key(series: &[Series], top: f64) -> Markup {
    html! {
        @for (number, (one, (x, y))) in series.iter().zip(places(series)).enumerate() {
            @let y = top + y + LINE / 2.0;
            g.(colour(number)) {
                @if one.joined {
                    line.line x1=(place(x)) x2=(place(x + 26.0)) y1=(place(y)) y2=(place(y)) stroke-dasharray=(dashes(number)) {}
                }
                (mark(number, x + 13.0, y))
                text x=(place(x + SAMPLE)) y=(place(y + 4.0)) { (one.name) }
            }
        }
    }
}

/// Where the key's entries begin, in as many lines as they need.
fn places(series: &[Series]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let mut places = Vec::new();
    for one in series {
        let wide = SAMPLE + width(&one.name) + 18.0;
        if x > 0.0 && x + wide > WIDTH {
            (x, y) = (0.0, y + LINE);
        }
        places.push((x, y));
        x += wide;
    }
    places
}
