//! What a chart shows; how it is drawn is in the files below.

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
