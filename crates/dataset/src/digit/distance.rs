//! Exact Euclidean distances to the nearest pixel of a kind (Felzenszwalb and Huttenlocher,
//! "Distance transforms of sampled functions", 2012).

use super::Plane;
use super::mask::Mask;
use super::window::transposed;
use image::Luma;

/// For every pixel the distance to the nearest one where `mask` is `value`, in pixels; 0 at those.
/// Beyond the edges nothing is.
pub(super) fn distance_to(mask: &Mask, value: bool) -> Plane {
    let far = far_beyond(mask);
    let (width, height) = (mask.width, mask.height());
    let start = Plane::from_fn(width, height, |x, y| {
        Luma([if mask.at(x, y) == value { 0.0 } else { far }])
    });
    let over_rows = transposed(&over_columns(&start));
    let mut squared = transposed(&over_columns(&over_rows));
    squared.iter_mut().for_each(|value| *value = value.sqrt());
    squared
}

/// More than any squared distance within the mask.
fn far_beyond(mask: &Mask) -> f32 {
    let side = f32::from(u16::try_from(mask.width + mask.height()).unwrap_or(u16::MAX));
    side * side
}

/// The lower envelope of the parabolas that rise from every pixel of a row.
fn over_columns(plane: &Plane) -> Plane {
    let mut out = plane.clone();
    let width = plane.width() as usize;
    for (row, out) in plane
        .as_raw()
        .chunks_exact(width)
        .zip(out.chunks_exact_mut(width))
    {
        // Parabolas of the envelope: where each stands, and from where on it is the lowest.
        let mut envelope: Vec<(u16, f32)> = Vec::with_capacity(width);
        for (place, &height) in (0_u16..).zip(row) {
            let from = loop {
                let Some(&(last, from)) = envelope.last() else {
                    break f32::NEG_INFINITY;
                };
                let meets = meeting(
                    [f32::from(last), row[usize::from(last)]],
                    [f32::from(place), height],
                );
                if meets > from {
                    break meets;
                }
                envelope.pop();
            };
            envelope.push((place, from));
        }
        let mut parabolas = envelope.iter().peekable();
        let mut lowest = 0_u16;
        for (place, out) in (0_u16..).zip(out.iter_mut()) {
            while let Some((next, _)) = parabolas.next_if(|(_, from)| *from <= f32::from(place)) {
                lowest = *next;
            }
            let away = f32::from(place) - f32::from(lowest);
            *out = row[usize::from(lowest)] + away * away;
        }
    }
    out
}

/// Where the parabola of the second place and height becomes lower than that of the first.
fn meeting([first, low]: [f32; 2], [second, high]: [f32; 2]) -> f32 {
    ((high + second * second) - (low + first * first)) / (2.0 * (second - first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_definition() {
        let mask = Mask::from_fn(17, 11, |x, y| (x * 7 + y * 13) % 29 == 0);
        for (x, y, pixel) in distance_to(&mask, true).enumerate_pixels() {
            let set = (0..11_u32).flat_map(|v| (0..17_u32).map(move |u| (u, v)));
            let expected = set
                .filter(|&(u, v)| mask.at(u, v))
                .map(|(u, v)| f64::from(u.abs_diff(x)).hypot(f64::from(v.abs_diff(y))))
                .fold(f64::INFINITY, f64::min);
            assert!((f64::from(pixel.0[0]) - expected).abs() < 1e-4, "{x}, {y}");
        }
    }
}
