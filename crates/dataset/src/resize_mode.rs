//! From an image of any size to the square that a network takes, still in pixel values.

use serde::{Deserialize, Serialize};

/// How an image fills a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResizeMode {
    /// `"pad"`: black (0) around the image, which stands in the centre; of an odd number of black
    /// rows or columns the larger half comes after it.
    #[default]
    Pad,
    /// `"resize"`: bilinear, with half-pixel centres and without antialiasing, as in `TensorFlow`'s
    /// `tf.image.resize` and `PyTorch`'s `interpolate(align_corners=False)`. Sides are stretched
    /// independently.
    Resize,
}

impl ResizeMode {
    /// The square of `size` that `image` (`[row, column]`) becomes: `[row, column]`, 0 to 255.
    /// Needs sides of at least 1, and `size` at least as large when padding.
    pub(crate) fn square(self, image: &[u8], rows: usize, columns: usize, size: usize) -> Vec<f32> {
        if [rows, columns] == [size; 2] {
            return image.iter().copied().map(f32::from).collect();
        }
        match self {
            Self::Pad => pad(image, rows, columns, size),
            Self::Resize => resize(image, rows, columns, size),
        }
    }
}

fn pad(image: &[u8], rows: usize, columns: usize, size: usize) -> Vec<f32> {
    let mut square = vec![0.0; size * size];
    let (top, left) = ((size - rows) / 2, (size - columns) / 2);
    for (row, pixels) in image.chunks_exact(columns).enumerate() {
        let start = (top + row) * size + left;
        for (value, &pixel) in square[start..].iter_mut().zip(pixels) {
            *value = pixel.into();
        }
    }
    square
}

fn resize(image: &[u8], rows: usize, columns: usize, size: usize) -> Vec<f32> {
    let (down, across) = (taps(rows, size), taps(columns, size));
    let mut square = Vec::with_capacity(size * size);
    for &(above, below, y) in &down {
        for &(left, right, x) in &across {
            let pixel = |row, column| f32::from(image[row * columns + column]);
            let upper = mix(pixel(above, left), pixel(above, right), x);
            let lower = mix(pixel(below, left), pixel(below, right), x);
            square.push(mix(upper, lower, y));
        }
    }
    square
}

/// For each of `size` outputs: the two inputs of `length` that it lies between, and how far along.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions lie within an image, whose sides are far below 2^23"
)]
fn taps(length: usize, size: usize) -> Vec<(usize, usize, f32)> {
    let scale = length as f32 / size as f32;
    (0..size)
        .map(|output| {
            // The centre of output pixel i lies at i + 0.5.
            let position = ((output as f32 + 0.5) * scale - 0.5).max(0.0);
            let first = (position as usize).min(length - 1);
            (first, (first + 1).min(length - 1), position - first as f32)
        })
        .collect()
}

/// The same as a matrix `[size, length]`, row by row: the share that each of `length` pixels has in
/// each of `size` outputs. Multiplying by it along both sides is [`ResizeMode::Resize`].
#[must_use]
pub fn bilinear_weights(length: usize, size: usize) -> Vec<f32> {
    let mut weights = vec![0.0; size * length];
    let rows = weights.chunks_exact_mut(length.max(1));
    for (row, (first, second, share)) in rows.zip(taps(length, size)) {
        row[first] += 1.0 - share;
        row[second] += share;
    }
    weights
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[expect(clippy::float_cmp, reason = "padding copies values")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_centres() {
        let square = ResizeMode::Pad.square(&[1, 2, 3, 4], 2, 2, 4);
        #[rustfmt::skip]
        assert_eq!(square, [
            0.0, 0.0, 0.0, 0.0,
            0.0, 1.0, 2.0, 0.0,
            0.0, 3.0, 4.0, 0.0,
            0.0, 0.0, 0.0, 0.0,
        ]);
        // One row above and one below, one column before and two after.
        let square = ResizeMode::Pad.square(&[9], 1, 1, 4);
        assert_eq!(square.iter().position(|&value| value == 9.0), Some(5));
        assert_eq!(ResizeMode::Pad.square(&[7; 6], 2, 3, 3)[..3], [7.0; 3]);
    }

    #[test]
    fn resizing_is_bilinear_with_half_pixel_centres() {
        // Computed with NumPy in float64: positions (i + 0.5) * n / size - 0.5, clamped.
        let image = [10, 200, 30, 90, 0, 255];
        #[rustfmt::skip]
        let cases: [(usize, Vec<f32>); 2] = [
            (2, vec![57.5, 72.5, 67.5, 191.25]),
            (5, vec![10.0, 86.0, 200.0, 98.0, 30.0, 18.0, 82.8, 180.0, 103.5, 52.5, 50.0, 70.0, 100.0, 125.5, 142.5, 82.0, 57.2, 20.0, 147.5, 232.5, 90.0, 54.0, 0.0, 153.0, 255.0]),
        ];
        for (size, expected) in cases {
            let found = ResizeMode::Resize.square(&image, 2, 3, size);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-4, "{found}, {expected}");
            }
        }
    }

    #[test]
    fn weights_resize_as_resizing_does() {
        let image: Vec<u8> = (0..=u8::MAX).cycle().step_by(37).take(600).collect();
        for size in [1, 7, 20, 64] {
            let [down, across] = [20, 30].map(|length| bilinear_weights(length, size));
            let square = ResizeMode::Resize.square(&image, 20, 30, size);
            for (at, expected) in square.iter().enumerate() {
                let (rows, columns) = (
                    &down[at / size * 20..][..20],
                    &across[at % size * 30..][..30],
                );
                let found: f32 = (rows.iter().zip(image.chunks_exact(30)))
                    .map(|(share, row)| {
                        let row = row.iter().zip(columns);
                        share
                            * row
                                .map(|(&pixel, share)| f32::from(pixel) * share)
                                .sum::<f32>()
                    })
                    .sum();
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{size}, {at}: {found}, {expected}"
                );
            }
        }
    }

    #[test]
    fn resizing_to_the_same_size_changes_nothing() {
        let image = [10, 200, 30, 90];
        assert_eq!(
            ResizeMode::Resize.square(&image, 2, 2, 2),
            image.map(f32::from)
        );
        assert_eq!(ResizeMode::Resize.square(&[8], 1, 1, 3), [8.0; 9]);
    }
}
