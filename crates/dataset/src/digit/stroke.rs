//! A digit's strokes, brought to the width that MNIST's have, and the digit to its size: MNIST was made
//! of black and white pictures too, whose reduction gave it its grey edges.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use super::Plane;
use super::choice::Chosen;
use super::distance::distance_to;
use super::mask::{Bounds, Mask};

/// The longer side that strokes are measured and changed at, in pixels.
const FINE: u32 = 160;
/// The side of the box that MNIST's digits fill.
const BOX_SIDE: f32 = 20.0;
/// Of MNIST's digits, 5 in 100 have thinner strokes than the first, and 5 thicker ones than the last,
/// in pixels of the 20x20 box; the middle one is the median.
const WIDTHS: [f32; 3] = [1.7, 2.5, 4.0];

/// The digit, `bounds` of the picture, as a black and white picture cropped to its edges.
///
/// None where nothing of it is left.
pub(super) fn drawn(depth: &Plane, chosen: &Chosen) -> Option<GrayImage> {
    let ink = fine(depth, chosen);
    if !ink.set.contains(&true) {
        return None;
    }
    let [inside, outside] = [false, true].map(|value| distance_to(&ink, value));
    let bounds = ink.bounds();
    let longer = f32::from(u16::try_from(bounds.longer()).unwrap_or(u16::MAX));
    let growth = growth(width(inside.as_raw()), longer);
    let grown = Mask::from_fn(ink.width, ink.height(), |x, y| {
        // Distances are to the middle of the next pixel, edges are half of one nearer.
        let within = inside.get_pixel(x, y).0[0] - outside.get_pixel(x, y).0[0];
        let edge = if within > 0.0 {
            within - 0.5
        } else {
            within + 0.5
        };
        edge + growth > 0.0
    });
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = grown.bounds();
    let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
    Some(GrayImage::from_fn(width, height, |x, y| {
        Luma([if grown.at(left + x, top + y) { 255 } else { 0 }])
    }))
}

/// By how many pixels every edge moves out, for strokes of a `width` in a digit of a `longer` side.
fn growth(width: f32, longer: f32) -> f32 {
    let side = BOX_SIDE;
    let [thin, target, thick] = WIDTHS;
    let target = match side * width / longer {
        relative if relative < thin => target,
        relative if relative > thick => thick,
        _ => return 0.0,
    };
    // side * (width + 2 growth) = target * (longer + 2 growth)
    (target * longer - side * width) / (2.0 * (side - target))
}

/// The mean width of strokes: across one, distances to its edges rise from 1 to half of its width.
pub(super) fn width(inside: &[f32]) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for distance in inside.iter().filter(|distance| **distance > 0.0) {
        sum += distance;
        count += 1.0;
    }
    (4.0 * sum / f32::max(count, 1.0) - 2.0).max(1.0)
}

/// The ink at [`FINE`] resolution, with a margin into which it may grow.
fn fine(depth: &Plane, chosen: &Chosen) -> Mask {
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = chosen.ink.bounds();
    let margin = 2;
    let own = |x: u32, y: u32| {
        let (x, y) = (
            (x + left).checked_sub(margin)?,
            (y + top).checked_sub(margin)?,
        );
        let depth = depth.get_pixel_checked(x, y)?.0[0];
        (!chosen.other.at(x, y)).then_some(depth)
    };
    let [across, down] = [right - left + 2 * margin, bottom - top + 2 * margin];
    // Other ink counts as paper.
    let cropped = Plane::from_fn(across, down, |x, y| {
        Luma([own(x, y).unwrap_or(0.0).clamp(0.0, 1.0)])
    });
    let longer = (right - left).max(bottom - top);
    let scaled = |side: u32| (side * FINE).div_ceil(longer).max(1);
    let large = imageops::resize(
        &cropped,
        scaled(across),
        scaled(down),
        FilterType::CatmullRom,
    );
    // A line thinner than a pixel is fainter here than in the picture.
    let darkest = large.pixels().map(|pixel| pixel.0[0]).fold(0.0, f32::max);
    let level = chosen.level.min(darkest / 2.0);
    let room = FINE / 10;
    Mask::from_fn(
        large.width() + 2 * room,
        large.height() + 2 * room,
        |x, y| {
            let place = x.checked_sub(room).zip(y.checked_sub(room));
            let pixel = place.and_then(|(x, y)| large.get_pixel_checked(x, y));
            pixel.is_some_and(|pixel| pixel.0[0] > level)
        },
    )
}
