//! Features in two dimensions: their first two principal components.

use serde::Serialize;

/// How often a direction is multiplied at most; where two components are as large, any in their plane will do.
const STEPS: usize = 500;
/// A direction that changes by less than this has been found.
const STILL: f64 = 1e-10;

/// Images at their places along the two directions in which their features differ most.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FeatureMap {
    /// The share of the variance of the features that each direction has.
    pub explained: [f64; 2],
    /// The images.
    pub points: Vec<MapPoint>,
}

/// An image of a [`FeatureMap`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MapPoint {
    /// Its place in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: usize,
    /// Where it lies: its principal component scores.
    pub place: [f64; 2],
}

impl FeatureMap {
    /// The map of `images`, each an index and a label, from the products of the features of each pair of them (the
    /// Gram matrix, row by row): principal components by power iteration, one after the other.
    ///
    /// # Panics
    /// When there are not as many products as pairs.
    #[must_use]
    pub fn new(images: &[(usize, usize)], mut products: Vec<f64>) -> Self {
        let count = images.len();
        assert_eq!(products.len(), count * count, "a product for each pair");
        centre(&mut products, count);
        let diagonal = (0..count).map(|at| products[at * count + at]);
        let variance: f64 = diagonal.sum();
        let mut map = Self::default();
        let mut components = Vec::new();
        for explained in &mut map.explained {
            let (direction, value) = largest(&products, count);
            *explained = if variance > 0.0 {
                value / variance
            } else {
                0.0
            };
            for (row, one) in products.chunks_exact_mut(count.max(1)).zip(&direction) {
                for (product, other) in row.iter_mut().zip(&direction) {
                    *product -= value * one * other;
                }
            }
            let length = value.max(0.0).sqrt();
            components.push(direction.iter().map(|one| one * length).collect::<Vec<_>>());
        }
        let points = images.iter().enumerate();
        map.points = points
            .map(|(at, &(index, label))| MapPoint {
                index,
                label,
                place: [components[0][at], components[1][at]],
            })
            .collect();
        map
    }
}

/// Makes products those of features whose mean is 0.
#[expect(clippy::cast_precision_loss, reason = "a count of some thousand")]
fn centre(products: &mut [f64], count: usize) {
    let rows = products.chunks_exact(count.max(1));
    let means: Vec<f64> = rows
        .map(|row| row.iter().sum::<f64>() / count as f64)
        .collect();
    let mean = means.iter().sum::<f64>() / count as f64;
    for (row, of_row) in products.chunks_exact_mut(count.max(1)).zip(&means) {
        for (product, of_column) in row.iter_mut().zip(&means) {
            *product += mean - of_row - of_column;
        }
    }
}

/// The eigenvector of the largest eigenvalue of a symmetric matrix that has no negative ones, of length 1, with its
/// largest value positive; and the eigenvalue.
fn largest(matrix: &[f64], count: usize) -> (Vec<f64>, f64) {
    let rows = || matrix.chunks_exact(count.max(1));
    let first = rows()
        .enumerate()
        .max_by(|(a, x), (b, y)| x[*a].total_cmp(&y[*b]));
    let mut direction = first.map_or(Vec::new(), |(_, row)| row.to_vec());
    let mut value = scaled(&mut direction);
    for _ in 0..STEPS {
        let product = |row: &[f64]| row.iter().zip(&direction).map(|(a, b)| a * b).sum();
        let mut next: Vec<f64> = rows().map(product).collect();
        value = scaled(&mut next);
        let change = next.iter().zip(&direction).map(|(a, b)| (a - b).abs());
        let is_still = change.fold(0.0, f64::max) < STILL;
        direction = next;
        if is_still {
            break;
        }
    }
    let extreme = direction
        .iter()
        .copied()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if extreme.is_some_and(|value| value < 0.0) {
        for value in &mut direction {
            *value = -*value;
        }
    }
    (direction, value)
}

/// Brings `values` to length 1, but leaves those of length 0; returns the length.
fn scaled(values: &mut [f64]) -> f64 {
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length > 0.0 {
        for value in values {
            *value /= length;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(features: &[[f64; 3]]) -> FeatureMap {
        let product = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        let pairs = features
            .iter()
            .flat_map(|a| features.iter().map(move |b| (a, b)));
        let products = pairs.map(|(a, b)| product(a, b)).collect();
        let images: Vec<_> = (0..features.len()).map(|index| (index, 0)).collect();
        FeatureMap::new(&images, products)
    }

    #[test]
    fn the_directions_of_most_difference_come_first() {
        // Around (5, 5, 5): 3 to either side along the second axis, 1 along the third, nothing along the first.
        let found = map(&[
            [5.0, 8.0, 5.0],
            [5.0, 2.0, 5.0],
            [5.0, 5.0, 6.0],
            [5.0, 5.0, 4.0],
        ]);
        let expected = [[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        for (point, expected) in found.points.iter().zip(expected) {
            for (found, expected) in point.place.iter().zip(expected) {
                assert!((found.abs() - f64::abs(expected)).abs() < 1e-9, "{point:?}");
            }
        }
        let [first, second] = found.explained;
        assert!((first - 0.9).abs() < 1e-9 && (second - 0.1).abs() < 1e-9);
        // Opposite ones lie at opposite places.
        for pair in found.points.chunks(2) {
            assert!((pair[0].place[0] + pair[1].place[0]).abs() < 1e-9);
        }
    }

    #[test]
    fn images_that_are_all_the_same_lie_in_one_place() {
        for count in [0, 1, 3] {
            let found = map(&vec![[1.0, 2.0, 3.0]; count]);
            let places = found.points.iter().flat_map(|point| point.place);
            let all: Vec<f64> = places.chain(found.explained).collect();
            assert!(all.iter().all(|value| value.abs() < 1e-9), "{all:?}");
        }
    }
}
