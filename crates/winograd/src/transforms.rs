//! Minimal filtering in one dimension: fewer products for the outputs of a three-tap filter.
//!
//! `F(OUT, 3)` computes `OUT` neighbouring outputs `y[i] = w[0] x[i-1] + w[1] x[i] + w[2] x[i+1]` as
//!
//! ```text
//! y = A^T ( (G w) * (B^T x) )
//! ```
//!
//! where `*` multiplies `POINTS` numbers one by one. `G` acts on the weights and is applied once; `B^T`
//! and `A^T` hold small constants and cost additions. Two dimensions nest the transforms:
//! `Y = A^T [ (G W G^T) * (B^T X B) ] A`, with `POINTS`^2 products, each of which, over all tiles and
//! channels, is a matrix product: `[tiles, channels in] x [channels in, channels out]`.
//!
//! [`F4x3`] and [`F3x3`] evaluate polynomials at 0, 1, -1, 2, (-2) and infinity, as in Lavin and Gray
//! (2016), section 4.3, and the Cook-Toom construction they cite.

use crate::vector::Vector;

/// The three transforms of `F(OUT, 3)`, which computes `OUT` outputs from `IN` inputs with `POINTS` products.
pub(crate) trait WinogradTransform<const IN: usize, const POINTS: usize, const OUT: usize> {
    /// `G`, the filter transform: three weights to `POINTS` factors.
    const FILTER: [[f64; 3]; POINTS];

    /// `B^T x`, the input transform.
    fn input<V: Vector>(x: [V; IN]) -> [V; POINTS];

    /// `A^T m`, the output transform.
    fn output<V: Vector>(m: [V; POINTS]) -> [V; OUT];
}

/// F(4, 3): four outputs, six products instead of twelve.
///
/// ```text
///       |  1/4    0    0  |         | 4  0 -5  0  1  0 |
///       | -1/6 -1/6 -1/6  |         | 0 -4 -4  1  1  0 |         | 1  1  1  1  1  0 |
///   G = | -1/6  1/6 -1/6  |   B^T = | 0  4 -4 -1  1  0 |   A^T = | 0  1 -1  2 -2  0 |
///       | 1/24 1/12  1/6  |         | 0 -2 -1  2  1  0 |         | 0  1  1  4  4  0 |
///       | 1/24 -1/12 1/6  |         | 0  2 -1 -2  1  0 |         | 0  1 -1  8 -8  1 |
///       |   0    0    1   |         | 0  4  0 -5  0  1 |
/// ```
pub(crate) struct F4x3;

impl WinogradTransform<6, 6, 4> for F4x3 {
    const FILTER: [[f64; 3]; 6] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    fn input<V: Vector>(x: [V; 6]) -> [V; 6] {
        let (even, odd) = (x[4] - x[2] * 4.0, x[3] - x[1] * 4.0);
        let (even_2, odd_2) = (x[4] - x[2], (x[3] - x[1]) * 2.0);
        [
            (x[0] - x[2]) * 4.0 + even_2,
            even + odd,
            even - odd,
            even_2 + odd_2,
            even_2 - odd_2,
            (x[1] - x[3]) * 4.0 + (x[5] - x[3]),
        ]
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; 6]) -> [V; 4] {
        let (sum, difference) = (m[1] + m[2], m[1] - m[2]);
        let (sum_2, difference_2) = (m[3] + m[4], m[3] - m[4]);
        [
            m[0] + sum + sum_2,
            difference + difference_2 * 2.0,
            sum + sum_2 * 4.0,
            difference + difference_2 * 8.0 + m[5],
        ]
    }
}

/// F(3, 3): three outputs, five products instead of nine. For maps of 3, 5, 6 or 9, where tiles of
/// four would hang over the edge.
///
/// ```text
///       |  1/2    0    0  |         | 2 -1 -2  1  0 |
///       | -1/2 -1/2 -1/2  |         | 0 -2 -1  1  0 |         | 1  1  1  1  0 |
///   G = | -1/6  1/6 -1/6  |   B^T = | 0  2 -3  1  0 |   A^T = | 0  1 -1  2  0 |
///       |  1/6  1/3  2/3  |         | 0 -1  0  1  0 |         | 0  1  1  4  1 |
///       |   0    0    1   |         | 0  2 -1 -2  1 |
/// ```
pub(crate) struct F3x3;

impl WinogradTransform<5, 5, 3> for F3x3 {
    const FILTER: [[f64; 3]; 5] = [
        [1.0 / 2.0, 0.0, 0.0],
        [-1.0 / 2.0, -1.0 / 2.0, -1.0 / 2.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    fn input<V: Vector>(x: [V; 5]) -> [V; 5] {
        let across = x[3] - x[1];
        [
            (x[0] - x[2]) * 2.0 + across,
            x[3] - x[2] - x[1] * 2.0,
            x[3] - x[2] * 3.0 + x[1] * 2.0,
            across,
            x[4] - x[2] - across * 2.0,
        ]
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; 5]) -> [V; 3] {
        let sum = m[1] + m[2];
        [
            m[0] + sum + m[3],
            m[1] - m[2] + m[3] * 2.0,
            sum + m[3] * 4.0 + m[4],
        ]
    }
}

/// F(2, 3) on a map that is only two wide: both neighbours outside are zero, and three products do for both outputs.
///
/// `y[0] = w[1] x[0] + w[2] x[1]` and `y[1] = w[0] x[0] + w[1] x[1]` is a product with a Toeplitz
/// matrix; both share `w[1] (x[0] + x[1])`.
///
/// ```text
///       | 1 -1  0 |         | 1  0 |
///   G = | 0  1  0 |   B^T = | 1  1 |   A^T = | 0  1  1 |
///       | 0 -1  1 |         | 0  1 |         | 1  1  0 |
/// ```
pub(crate) struct F2x3;

impl WinogradTransform<2, 3, 2> for F2x3 {
    const FILTER: [[f64; 3]; 3] = [[1.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 1.0]];

    #[inline(always)]
    fn input<V: Vector>(x: [V; 2]) -> [V; 3] {
        [x[0], x[0] + x[1], x[1]]
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; 3]) -> [V; 2] {
        [m[1] + m[2], m[0] + m[1]]
    }
}

/// F(2, 3) on a map of any width: two outputs, four products instead of six. It takes fewer weights than F(4, 3).
///
/// ```text
///       |  1    0    0  |         | 1  0 -1  0 |
///   G = | 1/2  1/2  1/2 |   B^T = | 0  1  1  0 |   A^T = | 1  1  1  0 |
///       | 1/2 -1/2  1/2 |         | 0 -1  1  0 |         | 0  1 -1  1 |
///       |  0    0    1  |         | 0 -1  0  1 |
/// ```
pub(crate) struct F2x3Any;

impl WinogradTransform<4, 4, 2> for F2x3Any {
    const FILTER: [[f64; 3]; 4] = [
        [1.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.5, -0.5, 0.5],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    fn input<V: Vector>(x: [V; 4]) -> [V; 4] {
        [x[0] - x[2], x[1] + x[2], x[2] - x[1], x[3] - x[1]]
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; 4]) -> [V; 2] {
        [m[0] + m[1] + m[2], m[1] - m[2] + m[3]]
    }
}

/// No transform, for direct convolution.
pub(crate) struct Identity;

impl<const N: usize> WinogradTransform<N, N, N> for Identity {
    const FILTER: [[f64; 3]; N] = [[0.0; 3]; N];

    #[inline(always)]
    fn input<V: Vector>(x: [V; N]) -> [V; N] {
        x
    }

    #[inline(always)]
    fn output<V: Vector>(m: [V; N]) -> [V; N] {
        m
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Lanes;

    /// Applies the transforms to one channel, and the definition to the same numbers.
    fn agrees<R, const IN: usize, const POINTS: usize, const OUT: usize>(reach: usize)
    where
        R: WinogradTransform<IN, POINTS, OUT>,
    {
        let weights = [0.5, -1.25, 2.0];
        let inputs: [f32; IN] = std::array::from_fn(|i| [1.0, -3.0, 0.25, 2.0, -0.5, 7.0][i]);
        let transformed = R::input(inputs.map(|x| Lanes([x; 16])));
        let products: [Lanes; POINTS] = std::array::from_fn(|p| {
            let factor: f64 = (0..3).map(|t| R::FILTER[p][t] * weights[t]).sum();
            factor as f32 * transformed[p]
        });
        for (i, output) in R::output(products).iter().enumerate() {
            let expected: f64 = (0..3)
                .filter_map(|t| {
                    Some(weights[t] * f64::from(*inputs.get((i + t).checked_sub(reach)?)?))
                })
                .sum();
            assert!(
                (f64::from(output.0[3]) - expected).abs() < 1e-5,
                "output {i}"
            );
        }
    }

    #[test]
    fn every_transform_equals_the_definition() {
        // The second number is how far the inputs begin after the first output's left neighbour.
        agrees::<F4x3, 6, 6, 4>(0);
        agrees::<F3x3, 5, 5, 3>(0);
        agrees::<F2x3Any, 4, 4, 2>(0);
        agrees::<F2x3, 2, 3, 2>(1);
    }
}
