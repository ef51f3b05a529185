//! Extremes over square windows, in a time that does not depend on the window's size.

use std::collections::VecDeque;

use super::Plane;
use super::mask::Mask;

/// Morphological closing: what is darker than all of a `(2 * radius + 1)` square around it, and
/// narrower than that, gets the brightness of its surroundings. The plane's edges count as nothing.
pub(super) fn closed(plane: &Plane, radius: u32) -> Plane {
    let brightest = extreme(plane, radius, f32::ge);
    extreme(&brightest, radius, f32::le)
}

/// The darkest and the brightest of the window around every pixel; only pixels of `counted` count, where
/// that is given.
pub(super) fn extremes(plane: &Plane, counted: Option<&Mask>, radius: u32) -> [Plane; 2] {
    let filled = |value: f32| {
        let mut plane = plane.clone();
        let counts = counted.iter().flat_map(|mask| &mask.set);
        let others = plane.iter_mut().zip(counts).filter(|(_, counts)| !**counts);
        others.for_each(|(pixel, _)| *pixel = value);
        plane
    };
    [
        extreme(&filled(f32::INFINITY), radius, f32::le),
        extreme(&filled(f32::NEG_INFINITY), radius, f32::ge),
    ]
}

/// The extreme of the window around every pixel: over columns, then over rows.
fn extreme(plane: &Plane, radius: u32, beats: fn(&f32, &f32) -> bool) -> Plane {
    let over_columns = extreme_over_columns(plane, radius, beats);
    transposed(&extreme_over_columns(
        &transposed(&over_columns),
        radius,
        beats,
    ))
}

fn extreme_over_columns(plane: &Plane, radius: u32, beats: fn(&f32, &f32) -> bool) -> Plane {
    let radius = radius as usize;
    let mut out = plane.clone();
    let width = plane.width() as usize;
    let rows = plane.as_raw().chunks_exact(width);
    for (row, out) in rows.zip(out.chunks_exact_mut(width)) {
        // Places whose values may still be the extreme of a window to come, the extreme first.
        let mut queue: VecDeque<usize> = VecDeque::new();
        for end in 0..width + radius {
            if end < width {
                while queue
                    .back()
                    .is_some_and(|&last| beats(&row[end], &row[last]))
                {
                    queue.pop_back();
                }
                queue.push_back(end);
            }
            if end < radius {
                continue;
            }
            let centre = end - radius;
            while queue.front().is_some_and(|&first| first + radius < centre) {
                queue.pop_front();
            }
            if let Some(&first) = queue.front() {
                out[centre] = row[first];
            }
        }
    }
    out
}

pub(super) fn transposed(plane: &Plane) -> Plane {
    Plane::from_fn(plane.height(), plane.width(), |x, y| *plane.get_pixel(y, x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn extremes_are_those_of_the_definition() {
        let value = |x: u32, y: u32| f32::from(u8::try_from((x * 31 + y * 17) % 23).unwrap());
        let plane = Plane::from_fn(13, 7, |x, y| Luma([value(x, y)]));
        for radius in [0, 1, 3, 20] {
            for (x, y, pixel) in extreme(&plane, radius, f32::ge).enumerate_pixels() {
                let near = plane
                    .enumerate_pixels()
                    .filter(|(u, v, _)| u.abs_diff(x) <= radius && v.abs_diff(y) <= radius);
                let expected = near.map(|(_, _, p)| p.0[0]).fold(0.0, f32::max);
                let [found] = pixel.0;
                assert!(
                    (found - expected).abs() < 1e-6,
                    "radius {radius} at {x}, {y}"
                );
            }
        }
    }

    #[test]
    fn closing_fills_what_is_narrow_and_keeps_what_is_wide() {
        // A stroke of 3 columns, and from column 20 a desk.
        let plane = Plane::from_fn(40, 9, |x, _| {
            Luma([if (5..8).contains(&x) || x >= 20 {
                0.1
            } else {
                0.9
            }])
        });
        let closed = closed(&plane, 4);
        let row = &closed.as_raw()[..40];
        assert!(row[..20].iter().all(|&value| value > 0.8));
        assert!(row[20..].iter().all(|&value| value < 0.2));
    }
}
