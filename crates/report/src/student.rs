//! Student's t distribution, for whole degrees of freedom.

/// The probability that a variable with Student's t distribution is as far from 0 as `t` or farther, on
/// either side: the finite sums of Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3
/// and 26.7.4. Of degrees of freedom between whole numbers the lower counts, which gives the larger
/// probability; the least is 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1, and as many as images and trainings at most"
)]
pub(crate) fn two_sided(t: f64, degrees: f64) -> f64 {
    let degrees = degrees.max(1.0) as u32;
    let (sin, cos) = (t.abs() / f64::from(degrees).sqrt()).atan().sin_cos();
    let odd = degrees % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    for k in (if odd { 3 } else { 2 }..=degrees.saturating_sub(2)).step_by(2) {
        term *= cos * cos * f64::from(k - 1) / f64::from(k);
        sum += term;
    }
    let inside = if odd {
        std::f64::consts::FRAC_2_PI * (sin.atan2(cos) + sin * sum)
    } else {
        sin * sum
    };
    (1.0 - inside).clamp(0.0, 1.0)
}

/// The t beyond which 5 % lie, on both sides together: the half width of a 95 % interval.
pub(crate) fn critical(degrees: f64) -> f64 {
    // 12.7 with one degree of freedom, and 1.96 with very many.
    let (mut low, mut high) = (1.0, 13.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle, degrees) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_scipy_has_it() {
        // scipy.stats.t.ppf(0.975, degrees), and 2 * scipy.stats.t.sf(t, degrees) for t = 1, 2.5 and 6.
        for (degrees, point, tails) in [
            (
                1.0,
                12.706_204_736_174_694,
                [0.5, 0.242_237_883_181_686_82, 0.105_136_913_422_506_88],
            ),
            (
                2.0,
                4.302_652_729_749_462,
                [
                    0.422_649_730_810_374_2,
                    0.129_611_720_221_510_82,
                    0.026_671_473_215_424_75,
                ],
            ),
            (
                3.0,
                3.182_446_305_283_707_8,
                [
                    0.391_002_218_955_770_5,
                    0.087_706_647_008_065_56,
                    0.009_272_714_892_284_666,
                ],
            ),
            (
                10.0,
                2.228_138_851_986_274,
                [
                    0.340_893_132_302_06,
                    0.031_446_844_236_608_82,
                    0.000_132_108_860_354_785_57,
                ],
            ),
            (
                31.0,
                2.039_513_446_396_408,
                [
                    0.325_052_732_723_533_4,
                    0.017_920_226_813_386_207,
                    1.227_096_195_286_699_8e-6,
                ],
            ),
            (
                9999.0,
                1.960_201_263_621_357,
                [
                    0.317_334_706_750_257_2,
                    0.012_435_221_140_020_176,
                    2.041_625_418_851_592_5e-9,
                ],
            ),
        ] {
            let found = critical(degrees);
            assert!((found - point).abs() < 1e-9, "{degrees}: {found}");
            for (t, tail) in [1.0, 2.5, 6.0].into_iter().zip(tails) {
                for t in [t, -t] {
                    let found = two_sided(t, degrees);
                    assert!((found - tail).abs() < 1e-12, "{t}, {degrees}: {found}");
                }
            }
        }
    }

    #[test]
    fn the_lower_of_two_degrees_counts_and_the_least_is_one() {
        for (degrees, whole) in [(4.9, 4.0), (0.5, 1.0), (f64::NAN, 1.0)] {
            assert!((critical(degrees) - critical(whole)).abs() < 1e-12);
        }
        assert!((two_sided(0.0, 5.0) - 1.0).abs() < 1e-12);
        assert!(two_sided(f64::INFINITY, 5.0).abs() < 1e-12);
    }
}
