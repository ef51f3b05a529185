//! The transposes of the transforms in [`crate::transforms`]: how gradients go back through them.
//!
//! With `M = U * V` point by point, `Y = A^T M A` and `V = B^T X B`, the gradients are
//! `dM = A dY A^T`, `dX = B dV B^T` and `dW = G^T dU G`.

use std::hint::black_box;
use std::ops::Range;

use crate::lanes::Lanes;
use crate::transforms::{F2x3, F3x3, F4x3, WinogradTransform};

/// `0..end` as a loop that is not unrolled: unrolled, its steps are packed into vectors that mix the numbers
/// of different [`Lanes`].
#[inline(always)]
pub(super) fn rolled(end: usize) -> Range<usize> {
    0..black_box(end)
}

/// The transposes of the three transforms of `F(OUT, 3)`, and the filter transform itself for lanes.
pub(super) trait Adjoint<const IN: usize, const POINTS: usize, const OUT: usize>:
    WinogradTransform<IN, POINTS, OUT>
{
    /// `A y`, the transpose of the output transform.
    fn output_adjoint(y: [Lanes; OUT]) -> [Lanes; POINTS];

    /// `B v`, the transpose of the input transform.
    fn input_adjoint(v: [Lanes; POINTS]) -> [Lanes; IN];

    /// `G w`, the filter transform.
    fn filter(w: [Lanes; 3]) -> [Lanes; POINTS];

    /// `G^T u`, the transpose of the filter transform.
    fn filter_adjoint(u: [Lanes; POINTS]) -> [Lanes; 3];
}

impl Adjoint<6, 6, 4> for F4x3 {
    #[inline(always)]
    fn output_adjoint(y: [Lanes; 4]) -> [Lanes; 6] {
        let (even, odd) = (y[0] + y[2], y[1] + y[3]);
        let (even_2, odd_2) = (y[0] + 4.0 * y[2], 2.0 * (y[1] + 4.0 * y[3]));
        [
            y[0],
            even + odd,
            even - odd,
            even_2 + odd_2,
            even_2 - odd_2,
            y[3],
        ]
    }

    #[inline(always)]
    fn input_adjoint(v: [Lanes; 6]) -> [Lanes; 6] {
        let (sum, difference) = (v[1] + v[2], v[1] - v[2]);
        let (sum_2, difference_2) = (v[3] + v[4], 2.0 * (v[3] - v[4]));
        [
            4.0 * v[0],
            4.0 * (v[5] - difference) - difference_2,
            -5.0 * v[0] - 4.0 * sum - sum_2,
            difference + difference_2 - 5.0 * v[5],
            v[0] + sum + sum_2,
            v[5],
        ]
    }

    #[inline(always)]
    fn filter(w: [Lanes; 3]) -> [Lanes; 6] {
        let (even, odd) = ((-1.0 / 6.0) * (w[0] + w[2]), (-1.0 / 6.0) * w[1]);
        let even_2 = (1.0 / 24.0) * w[0] + (1.0 / 6.0) * w[2];
        let odd_2 = (1.0 / 12.0) * w[1];
        [
            0.25 * w[0],
            even + odd,
            even - odd,
            even_2 + odd_2,
            even_2 - odd_2,
            w[2],
        ]
    }

    #[inline(always)]
    fn filter_adjoint(u: [Lanes; 6]) -> [Lanes; 3] {
        let (sum, difference) = (u[1] + u[2], u[2] - u[1]);
        let (sum_2, difference_2) = (u[3] + u[4], u[3] - u[4]);
        [
            0.25 * u[0] - (1.0 / 6.0) * sum + (1.0 / 24.0) * sum_2,
            (1.0 / 6.0) * difference + (1.0 / 12.0) * difference_2,
            (1.0 / 6.0) * (sum_2 - sum) + u[5],
        ]
    }
}

impl Adjoint<5, 5, 3> for F3x3 {
    #[inline(always)]
    fn output_adjoint(y: [Lanes; 3]) -> [Lanes; 5] {
        let even = y[0] + y[2];
        [
            y[0],
            even + y[1],
            even - y[1],
            y[0] + 2.0 * y[1] + 4.0 * y[2],
            y[2],
        ]
    }

    #[inline(always)]
    fn input_adjoint(v: [Lanes; 5]) -> [Lanes; 5] {
        [
            2.0 * v[0],
            2.0 * (v[2] - v[1] + v[4]) - v[0] - v[3],
            -2.0 * v[0] - v[1] - 3.0 * v[2] - v[4],
            v[0] + v[1] + v[2] + v[3] - 2.0 * v[4],
            v[4],
        ]
    }

    #[inline(always)]
    fn filter(w: [Lanes; 3]) -> [Lanes; 5] {
        let even = w[0] + w[2];
        [
            0.5 * w[0],
            -0.5 * (even + w[1]),
            (1.0 / 6.0) * (w[1] - even),
            (1.0 / 6.0) * w[0] + (1.0 / 3.0) * w[1] + (2.0 / 3.0) * w[2],
            w[2],
        ]
    }

    #[inline(always)]
    fn filter_adjoint(u: [Lanes; 5]) -> [Lanes; 3] {
        let half = 0.5 * u[1];
        [
            0.5 * u[0] - half + (1.0 / 6.0) * (u[3] - u[2]),
            (1.0 / 6.0) * u[2] + (1.0 / 3.0) * u[3] - half,
            (2.0 / 3.0) * u[3] - (1.0 / 6.0) * u[2] - half + u[4],
        ]
    }
}

impl Adjoint<2, 3, 2> for F2x3 {
    #[inline(always)]
    fn output_adjoint(y: [Lanes; 2]) -> [Lanes; 3] {
        [y[1], y[0] + y[1], y[0]]
    }

    #[inline(always)]
    fn input_adjoint(v: [Lanes; 3]) -> [Lanes; 2] {
        [v[0] + v[1], v[1] + v[2]]
    }

    #[inline(always)]
    fn filter(w: [Lanes; 3]) -> [Lanes; 3] {
        [w[0] - w[1], w[1], w[2] - w[1]]
    }

    #[inline(always)]
    fn filter_adjoint(u: [Lanes; 3]) -> [Lanes; 3] {
        [u[0], u[1] - u[0] - u[2], u[2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<transform a, b> = <a, adjoint b>` for every unit vector of small whole numbers.
    fn transposes<const M: usize, const N: usize>(
        transform: impl Fn([Lanes; M]) -> [Lanes; N],
        adjoint: impl Fn([Lanes; N]) -> [Lanes; M],
    ) {
        for m in 0..M {
            for n in 0..N {
                let unit = |at: usize, i| Lanes([f32::from(u8::from(i == at)); 16]);
                let forth = transform(std::array::from_fn(|i| unit(m, i)))[n];
                let back = adjoint(std::array::from_fn(|i| unit(n, i)))[m];
                let difference = (forth.0[5] - back.0[5]).abs();
                assert!(difference < 1e-7, "row {n}, column {m}");
            }
        }
    }

    fn all<R, const IN: usize, const POINTS: usize, const OUT: usize>()
    where
        R: Adjoint<IN, POINTS, OUT>,
    {
        transposes(R::input, R::input_adjoint);
        transposes(R::output, R::output_adjoint);
        transposes(R::filter, R::filter_adjoint);
        for (p, row) in R::FILTER.iter().enumerate() {
            let w = [0.5_f32, -1.25, 2.0];
            let expected: f64 = row.iter().zip(w).map(|(g, w)| g * f64::from(w)).sum();
            let found = R::filter(w.map(|w| Lanes([w; 16])))[p].0[3];
            assert!((f64::from(found) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn every_adjoint_is_the_transpose() {
        all::<F4x3, 6, 6, 4>();
        all::<F3x3, 5, 5, 3>();
        all::<F2x3, 2, 3, 2>();
    }
}
