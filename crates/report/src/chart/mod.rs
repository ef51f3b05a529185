//! What a chart shows, and drawing it as SVG: text takes the page's colour, series take theirs from
//! [`STYLE`], and marks and dashes tell them apart where there is no colour.
//!
//! Written with maud (3.6 s to build from nothing, most of it `syn`, which serde needs anyway) rather
//! than with plotters (2.7 s): plotters' SVG has fixed colours, so it cannot follow the page into the
//! dark, and puts every place on a whole pixel.

mod calibration;
mod confusion;
mod file;
mod graft;
mod key;
mod mark;
mod plot;
mod scale;
mod scatter;
mod shares;

use maud::{Markup, html};

use crate::Language;

pub use calibration::calibration_svg;
pub use confusion::confusion_svg;
pub use file::svg_file;
pub(crate) use graft::block_name;
pub use graft::graft_svg;
pub use scatter::scatter_svg;
pub use shares::shares_svg;

/// What the pictures' classes look like, in light and dark, for the page that holds them.
pub const STYLE: &str = include_str!("style.css");

/// The width that pictures are drawn for, in pixels; they scale.
pub(crate) const WIDTH: f64 = 420.0;

/// Points over an axis, in one or several series.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it is, for people who cannot see it and for the picture's title.
    pub title: String,
    /// What lies to the right, with its unit.
    pub x_label: String,
    /// What lies upwards, with its unit.
    pub y_label: String,
    /// How places on the horizontal axis are named and spaced.
    pub x: Axis,
    /// Whether heights are shares, shown in percent.
    pub percent: bool,
    /// What is drawn, each in a colour and with a mark of its own.
    pub series: Vec<Series>,
}

/// How places on the horizontal axis are named and spaced.
#[derive(Debug, Clone, PartialEq)]
pub enum Axis {
    /// Numbers, evenly spaced.
    Linear,
    /// Numbers above 0, spaced by their logarithms.
    Logarithmic,
    /// Names; a point's `x` is the place of its name, counted from 0.
    Names(Vec<String>),
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the key.
    pub name: String,
    /// Whether a line joins the points.
    pub joined: bool,
    /// The points, from left to right.
    pub points: Vec<Point>,
}

/// A measured value, with an interval where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How far to the right.
    pub x: f64,
    /// How high.
    pub y: f64,
    /// The interval's ends.
    pub interval: Option<(f64, f64)>,
}

/// Draws `chart`, to be put into an HTML page. Values that are no numbers are left out.
#[must_use]
pub fn svg(chart: &Chart, language: Language) -> String {
    plot::draw(&chart.finite(), language).into_string()
}

impl Chart {
    /// Without points that have no place.
    fn finite(&self) -> Self {
        let mut chart = self.clone();
        for series in &mut chart.series {
            let has_place = |x: f64| x.is_finite() && (x > 0.0 || self.x != Axis::Logarithmic);
            let points = &mut series.points;
            points.retain(|point| has_place(point.x) && point.y.is_finite());
            for interval in points.iter_mut().map(|point| &mut point.interval) {
                *interval = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
            }
        }
        chart
    }

    /// All points.
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// The least and the largest height, intervals included; 0 and 1 without points.
    fn heights(&self) -> (f64, f64) {
        let ends = |point: &Point| {
            let (low, high) = point.interval.unwrap_or((point.y, point.y));
            [low, high, point.y]
        };
        extent(self.points().flat_map(ends)).unwrap_or((0.0, 1.0))
    }
}

/// The least and the largest of some values.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// The picture around `content`.
fn picture(title: &str, width: f64, height: f64, content: &Markup) -> Markup {
    html! {
        svg.chart viewBox=(format!("0 0 {width} {height:.0}")) role="img" {
            title { (title) }
            (content)
        }
    }
}

#[cfg(test)]
mod tests;
