//! Images by their features, as a picture.

use maud::html;

use super::mark::{place, width};
use super::{WIDTH, extent, picture};
use crate::Language;
use crate::audit::FeatureMap;
use crate::count::float;

/// The height of the plotted area.
const HEIGHT: f64 = 360.0;
/// The room around it.
const MARGIN: f64 = 10.0;
/// More classes than this leave no room for their names.
const MOST_NAMES: usize = 20;

/// Draws `map`: a point an image, in its class's colour, and the name of each class in the middle of its images.
/// Points of images for which `is_marked` have a ring.
#[must_use]
pub fn scatter_svg(
    map: &FeatureMap,
    names: &[String],
    is_marked: impl Fn(usize) -> bool,
    language: Language,
) -> String {
    let along = |axis: usize| map.points.iter().map(move |point| point.place[axis]);
    let [wide, high] = [0, 1].map(|axis| extent(along(axis)).unwrap_or((0.0, 0.0)));
    let at = |value: f64, (low, up): (f64, f64), room: f64| {
        let share = if up > low {
            (value - low) / (up - low)
        } else {
            0.5
        };
        MARGIN + share * (room - 2.0 * MARGIN)
    };
    let x = |value| at(value, wide, WIDTH);
    let y = |value| HEIGHT - at(value, high, HEIGHT);
    let colour = |class: usize| {
        // Around the circle, each as far from the one before as can be.
        let hue = (float(class) * 137.508) % 360.0;
        format!("hsl({hue:.0} 62% 48%)")
    };
    let middle = |class: usize| {
        let of = map.points.iter().filter(|point| point.label == class);
        let (count, [sum_x, sum_y]) = of.fold((0_usize, [0.0; 2]), |(count, [a, b]), point| {
            (count + 1, [a + point.place[0], b + point.place[1]])
        });
        (count > 0).then(|| [sum_x / float(count), sum_y / float(count)])
    };
    let name = |class: usize| names.get(class).map_or("", String::as_str);
    let content = html! {
        @for point in &map.points {
            @let [across, up] = point.place;
            circle.dot.marked[is_marked(point.index)] cx=(place(x(across))) cy=(place(y(up))) r="3" fill=(colour(point.label)) {
                title { (name(point.label)) " #" (point.index) }
            }
        }
        @if names.len() <= MOST_NAMES {
            @for class in 0..names.len() {
                @if let Some([across, up]) = middle(class) {
                    @let half = width(name(class)) / 2.0;
                    text.class.middle x=(place(x(across).clamp(half, (WIDTH - half).max(half)))) y=(place(y(up) + 4.0)) { (name(class)) }
                }
            }
        }
    };
    let title = language.pick("Images by their features", "按特征排布的图片");
    picture(title, WIDTH, HEIGHT, &content).into_string()
}
