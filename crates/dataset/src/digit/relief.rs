//! How far every pixel stands out from its own surroundings, whatever the light: one threshold for
//! the whole picture finds ink on unevenly lit paper.

use image::{GrayImage, Luma, imageops};

use super::Plane;
use super::window::closed;

/// The closing's radius, as a part of the picture's shorter side: twice that is the widest stroke.
const RADIUS_PART: u32 = 6;
/// Below this part of the paper's brightness, differences are no longer taken relative to it:
/// in deep shadow they would be noise.
const DARKEST_PAPER: f32 = 0.35;
/// The least that ink stands out, as a part of the paper's brightness.
const LEAST_CONTRAST: f32 = 0.09;
/// How many standard deviations of the background ink stands out at least.
const DEVIATIONS: f32 = 5.0;
/// A normal distribution's standard deviation as a multiple of its median absolute deviation.
pub(super) const OF_MEDIAN: f32 = 1.4826;

/// What stands out from a picture's background.
pub(super) struct Relief {
    /// The part of the paper's light that is missing at a pixel, 0 to 1.
    pub(super) depth: Plane,
    /// Depths up to it may be noise.
    pub(super) floor: f32,
}

/// The relief of dark ink, in a picture whose light is about even.
pub(super) fn relief(picture: &Plane) -> Relief {
    let radius = (picture.width().min(picture.height()) / RADIUS_PART).max(3);
    let paper = closed(picture, radius);
    let darkest = DARKEST_PAPER * quantile(&mut paper.to_vec(), 0.95).max(f32::EPSILON);
    let depth = Plane::from_fn(picture.width(), picture.height(), |x, y| {
        let paper = paper.get_pixel(x, y).0[0];
        let missing = paper - picture.get_pixel(x, y).0[0];
        Luma([missing / paper.max(darkest)])
    });
    let middle = quantile(&mut depth.to_vec(), 0.5);
    let mut away: Vec<f32> = depth.iter().map(|depth| (depth - middle).abs()).collect();
    let deviation = OF_MEDIAN * quantile(&mut away, 0.5);
    let floor = middle + LEAST_CONTRAST.max(DEVIATIONS * deviation);
    Relief { depth, floor }
}

/// Whether the ink is lighter than its background: what lies furthest from the median of an evenly lit
/// picture is ink, for background is most of it.
pub(super) fn is_light_on_dark(picture: &Plane) -> bool {
    let middle = quantile(&mut picture.to_vec(), 0.5);
    let cubes = picture
        .iter()
        .map(|value| (value - middle).clamp(-1.0, 1.0).powi(3));
    cubes.map(f64::from).sum::<f64>() > 0.0
}

/// Brightness from 0 to 1.
pub(super) fn plane(picture: &GrayImage) -> Plane {
    Plane::from_fn(picture.width(), picture.height(), |x, y| {
        Luma([f32::from(picture.get_pixel(x, y).0[0]) / 255.0])
    })
}

/// Blurred as far as its noise demands.
pub(super) fn smoothed(picture: &Plane) -> Plane {
    let sigma = (20.0 * noise(picture)).min(1.5);
    if sigma < 0.2 {
        return picture.clone();
    }
    imageops::blur(picture, sigma)
}

/// The standard deviation of noise, by the median response of Immerkær's kernel, to which edges and
/// slopes are nothing ("Fast noise variance estimation", 1996).
fn noise(picture: &Plane) -> f32 {
    let (width, height) = picture.dimensions();
    let at = |x: u32, y: u32| picture.get_pixel(x, y).0[0];
    let second = |x: u32, y: u32| at(x - 1, y) - 2.0 * at(x, y) + at(x + 1, y);
    let inner = (1..height.saturating_sub(1))
        .flat_map(|y| (1..width.saturating_sub(1)).map(move |x| (x, y)));
    let mut responses: Vec<f32> = inner
        .map(|(x, y)| (second(x, y - 1) - 2.0 * second(x, y) + second(x, y + 1)).abs())
        .collect();
    // The kernel's values squared sum to 36.
    OF_MEDIAN * quantile(&mut responses, 0.5) / 6.0
}

/// The value that a part of all are at most; 0 of none.
pub(super) fn quantile(values: &mut [f32], part: f64) -> f32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index below the number of a picture's pixels"
    )]
    let place = (last as f64 * part) as usize;
    *values.select_nth_unstable_by(place, f32::total_cmp).1
}
