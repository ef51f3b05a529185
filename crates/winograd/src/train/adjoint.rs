//! The transposes of the transforms in [`crate::transforms`]: how gradients go back through them.
//!
//! With `M = U * V` point by point, `Y = A^T M A` and `V = B^T X B`, the gradients are
//! `dM = A dY A^T`, `dX = B dV B^T` and `dW = G^T dU G`.

use crate::transforms::{F2x3, F3x3, F4x3, WinogradTransform};
use crate::vector::Vector;

/// Calls the method `$by` of a kernel as made for the instructions and for the transforms of the method.
macro_rules! by_method {
    ($kernel:ident.$by:ident, $method:expr, $instructions:expr) => {{
        macro_rules! with {
            ($vector:ty) => {
                match $method {
                    Method::F2x3 => $kernel.$by::<$vector, F2x3, 2, 3, 2>(),
                    Method::F3x3 => $kernel.$by::<$vector, F3x3, 5, 5, 3>(),
                    // Training takes none of the last three.
                    Method::F4x3 | Method::F2x3Any | Method::Direct | Method::Im2col => {
                        $kernel.$by::<$vector, F4x3, 6, 6, 4>();
                    }
                }
            };
        }
        match $instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => with!(crate::vector::Avx512),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => with!(crate::vector::Avx2),
            Instructions::Baseline => with!(Lanes),
        }
    }};
}
pub(super) use by_method;

/// The transposes of the three transforms of `F(OUT, 3)`, and the filter transform itself for lanes.
pub(super) trait Adjoint<const IN: usize, const POINTS: usize, const OUT: usize>:
    WinogradTransform<IN, POINTS, OUT>
{
    /// `A y`, the transpose of the output transform.
    fn output_adjoint<V: Vector>(y: [V; OUT]) -> [V; POINTS];

    /// `B v`, the transpose of the input transform.
    fn input_adjoint<V: Vector>(v: [V; POINTS]) -> [V; IN];

    /// `G w`, the filter transform.
    fn filter<V: Vector>(w: [V; 3]) -> [V; POINTS];

    /// `G^T u`, the transpose of the filter transform.
    fn filter_adjoint<V: Vector>(u: [V; POINTS]) -> [V; 3];
}

impl Adjoint<6, 6, 4> for F4x3 {
    #[inline(always)]
    fn output_adjoint<V: Vector>(y: [V; 4]) -> [V; 6] {
        let (even, odd) = (y[0] + y[2], y[1] + y[3]);
        let (even_2, odd_2) = (y[0] + y[2] * 4.0, (y[1] + y[3] * 4.0) * 2.0);
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
    fn input_adjoint<V: Vector>(v: [V; 6]) -> [V; 6] {
        let (sum, difference) = (v[1] + v[2], v[1] - v[2]);
        let (sum_2, difference_2) = (v[3] + v[4], (v[3] - v[4]) * 2.0);
        [
            v[0] * 4.0,
            (v[5] - difference) * 4.0 - difference_2,
            v[0] * -5.0 - sum * 4.0 - sum_2,
            difference + difference_2 - v[5] * 5.0,
            v[0] + sum + sum_2,
            v[5],
        ]
    }

    #[inline(always)]
    fn filter<V: Vector>(w: [V; 3]) -> [V; 6] {
        let (even, odd) = ((w[0] + w[2]) * (-1.0 / 6.0), w[1] * (-1.0 / 6.0));
        let even_2 = w[0] * (1.0 / 24.0) + w[2] * (1.0 / 6.0);
        let odd_2 = w[1] * (1.0 / 12.0);
        [
            w[0] * 0.25,
            even + odd,
            even - odd,
            even_2 + odd_2,
            even_2 - odd_2,
            w[2],
        ]
    }

    #[inline(always)]
    fn filter_adjoint<V: Vector>(u: [V; 6]) -> [V; 3] {
        let (sum, difference) = (u[1] + u[2], u[2] - u[1]);
        let (sum_2, difference_2) = (u[3] + u[4], u[3] - u[4]);
        [
            u[0] * 0.25 - sum * (1.0 / 6.0) + sum_2 * (1.0 / 24.0),
            difference * (1.0 / 6.0) + difference_2 * (1.0 / 12.0),
            (sum_2 - sum) * (1.0 / 6.0) + u[5],
        ]
    }
}

impl Adjoint<5, 5, 3> for F3x3 {
    #[inline(always)]
    fn output_adjoint<V: Vector>(y: [V; 3]) -> [V; 5] {
        let even = y[0] + y[2];
        [
            y[0],
            even + y[1],
            even - y[1],
            y[0] + y[1] * 2.0 + y[2] * 4.0,
            y[2],
        ]
    }

    #[inline(always)]
    fn input_adjoint<V: Vector>(v: [V; 5]) -> [V; 5] {
        [
            v[0] * 2.0,
            (v[2] - v[1] + v[4]) * 2.0 - v[0] - v[3],
            v[0] * -2.0 - v[1] - v[2] * 3.0 - v[4],
            v[0] + v[1] + v[2] + v[3] - v[4] * 2.0,
            v[4],
        ]
    }

    #[inline(always)]
    fn filter<V: Vector>(w: [V; 3]) -> [V; 5] {
        let even = w[0] + w[2];
        [
            w[0] * 0.5,
            (even + w[1]) * -0.5,
            (w[1] - even) * (1.0 / 6.0),
            w[0] * (1.0 / 6.0) + w[1] * (1.0 / 3.0) + w[2] * (2.0 / 3.0),
            w[2],
        ]
    }

    #[inline(always)]
    fn filter_adjoint<V: Vector>(u: [V; 5]) -> [V; 3] {
        let half = u[1] * 0.5;
        [
            u[0] * 0.5 - half + (u[3] - u[2]) * (1.0 / 6.0),
            u[2] * (1.0 / 6.0) + u[3] * (1.0 / 3.0) - half,
            u[3] * (2.0 / 3.0) - u[2] * (1.0 / 6.0) - half + u[4],
        ]
    }
}

impl Adjoint<2, 3, 2> for F2x3 {
    #[inline(always)]
    fn output_adjoint<V: Vector>(y: [V; 2]) -> [V; 3] {
        [y[1], y[0] + y[1], y[0]]
    }

    #[inline(always)]
    fn input_adjoint<V: Vector>(v: [V; 3]) -> [V; 2] {
        [v[0] + v[1], v[1] + v[2]]
    }

    #[inline(always)]
    fn filter<V: Vector>(w: [V; 3]) -> [V; 3] {
        [w[0] - w[1], w[1], w[2] - w[1]]
    }

    #[inline(always)]
    fn filter_adjoint<V: Vector>(u: [V; 3]) -> [V; 3] {
        [u[0], u[1] - u[0] - u[2], u[2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Lanes;

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
