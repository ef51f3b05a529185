//! Uneven light: the paper's brightness as a smooth surface over the picture, which divides it away.

use image::Luma;

use super::Plane;
use super::mask::Mask;
use super::relief::{OF_MEDIAN, quantile};

/// Terms of the surface: 1, x, y, x^2, xy, y^2, of the logarithm of brightness.
const TERMS: usize = 6;
/// About so many pixels are fitted.
const FITTED: u32 = 4000;
/// Rounds of fitting; after each one, what lies far from the surface is ink and counts no more.
const ROUNDS: usize = 6;
/// How far from the surface paper may lie, in standard deviations, and the least of those.
const FAR: f64 = 2.5;
const LEAST_DEVIATION: f64 = 0.02;
/// Darker than this part of white all is black.
const DARKEST: f32 = 0.02;

/// Brightness as a part of the paper's at the same place; only pixels of `paper` count, the others
/// become 1. The surface is fitted robustly, so that ink does not pull it down.
pub(super) fn flattened(picture: &Plane, paper: Option<&Mask>) -> Plane {
    let is_paper = |x: u32, y: u32| paper.is_none_or(|paper| paper.at(x, y));
    let surface = fit(picture, is_paper);
    Plane::from_fn(picture.width(), picture.height(), |x, y| {
        if !is_paper(x, y) {
            return Luma([1.0]);
        }
        let light = value(&surface, &terms(picture, x, y)).exp();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "pixels are of single precision"
        )]
        let relative = (f64::from(picture.get_pixel(x, y).0[0]) / light) as f32;
        Luma([relative])
    })
}

fn fit(picture: &Plane, is_paper: impl Fn(u32, u32) -> bool) -> [f64; TERMS] {
    let (width, height) = picture.dimensions();
    let step = (width * height / FITTED).isqrt().max(1) as usize;
    let places = (0..height)
        .step_by(step)
        .flat_map(|y| (0..width).step_by(step).map(move |x| (x, y)));
    let points: Vec<([f64; TERMS], f64)> = places
        .filter(|&(x, y)| is_paper(x, y))
        .map(|(x, y)| {
            let brightness = picture.get_pixel(x, y).0[0].max(DARKEST);
            (terms(picture, x, y), f64::from(brightness).ln())
        })
        .collect();
    let mut near = vec![true; points.len()];
    let mut surface = [0.0; TERMS];
    for _ in 0..ROUNDS {
        let kept = points.iter().zip(&near).filter(|(_, near)| **near);
        surface = least_squares(kept.map(|(point, _)| point));
        let away: Vec<f64> = points
            .iter()
            .map(|(terms, found)| found - value(&surface, terms))
            .collect();
        let middle = median(&away, |away| away);
        let deviation = f64::from(OF_MEDIAN) * median(&away, |away| (away - middle).abs());
        let limit = FAR * deviation.max(LEAST_DEVIATION);
        near = away
            .iter()
            .map(|away| (away - middle).abs() < limit)
            .collect();
        surface[0] += middle;
    }
    surface
}

fn median(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "logarithms of brightness")]
    let mut values: Vec<f32> = values.iter().map(|value| of(*value) as f32).collect();
    quantile(&mut values, 0.5).into()
}

/// The surface's terms at a pixel; both directions run from -1 to 1.
fn terms(picture: &Plane, x: u32, y: u32) -> [f64; TERMS] {
    let along = |place: u32, side: u32| 2.0 * f64::from(place) / f64::from((side - 1).max(1)) - 1.0;
    let (x, y) = (along(x, picture.width()), along(y, picture.height()));
    [1.0, x, y, x * x, x * y, y * y]
}

fn value(surface: &[f64; TERMS], terms: &[f64; TERMS]) -> f64 {
    surface.iter().zip(terms).map(|(a, b)| a * b).sum()
}

/// The coefficients with the least sum of squared differences, by the normal equations.
fn least_squares<'a>(points: impl Iterator<Item = &'a ([f64; TERMS], f64)>) -> [f64; TERMS] {
    // Each row: a row of the matrix, and its right side.
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for (terms, found) in points {
        for (row, term) in rows.iter_mut().zip(terms) {
            for (sum, other) in row.iter_mut().zip(terms.iter().chain([found])) {
                *sum += term * other;
            }
        }
    }
    for (at, row) in rows.iter_mut().enumerate() {
        // Where all pixels lie in a line some term says nothing; it becomes 0.
        row[at] += 1e-9;
    }
    for at in 0..TERMS {
        // The matrix is symmetric and positive, so that no row has to be exchanged.
        let pivot = rows[at];
        for (below, row) in rows.iter_mut().enumerate() {
            if below != at {
                let factor = row[at] / pivot[at];
                for (value, from) in row.iter_mut().zip(pivot) {
                    *value -= factor * from;
                }
            }
        }
    }
    let mut solution = [0.0; TERMS];
    for (at, value) in solution.iter_mut().enumerate() {
        *value = rows[at][TERMS] / rows[at][at];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_that_falls_off_is_divided_away_and_ink_stays() {
        let picture = Plane::from_fn(120, 80, |x, y| {
            let [.., across, down] =
                [x, y].map(|place| f32::from(u16::try_from(place).unwrap()) / 100.0);
            let ink = if (40..50).contains(&x) && y > 20 {
                0.2
            } else {
                1.0
            };
            Luma([ink * 0.9 * (-across - 0.5 * down * down).exp()])
        });
        for pixel in flattened(&picture, None).pixels() {
            let [value] = pixel.0;
            assert!(
                (value - 1.0).abs() < 0.01 || (value - 0.2).abs() < 0.01,
                "{value}"
            );
        }
    }
}
