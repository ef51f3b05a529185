//! How sure a proportion is.

use serde::{Deserialize, Serialize};

use crate::count::float;

/// The 97.5 % point of the standard normal distribution: two-sided 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A range that holds the true proportion with the stated confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end, in 0..=1.
    pub low: f64,
    /// The upper end, in 0..=1.
    pub high: f64,
}

/// The Wilson score interval at 95 % for `successes` out of `n` trials.
///
/// Unlike the textbook's normal interval it stays inside 0..=1 and is right near its ends, where
/// good classifiers live. With no trials at all it says nothing: 0..=1.
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
/// JASA 22 (1927).
#[must_use]
pub fn wilson(successes: u64, n: u64) -> Interval {
    if n == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let (k, n) = (float(successes), float(n));
    let p = k / n;
    let z2 = Z_95 * Z_95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the formula gives exactly 0 and 1; rounding must not move the share out of its interval.
    Interval {
        low: (centre - half).clamp(0.0, p),
        high: (centre + half).clamp(p, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        // Computed with statsmodels' proportion_confint(method="wilson").
        for (k, n, low, high) in [
            (50, 10_000, 0.00379, 0.00659),
            (100, 10_000, 0.00823, 0.01215),
            (8, 10, 0.4902, 0.9433),
        ] {
            let interval = wilson(k, n);
            assert!(
                (interval.low - low).abs() < 5e-5,
                "{k} of {n}: {interval:?}"
            );
            assert!(
                (interval.high - high).abs() < 5e-5,
                "{k} of {n}: {interval:?}"
            );
        }
    }

    #[test]
    fn stays_a_proportion_at_the_ends() {
        assert_eq!(
            wilson(0, 0),
            Interval {
                low: 0.0,
                high: 1.0
            }
        );
        let none = wilson(0, 20);
        assert!(none.low == 0.0 && none.high > 0.1, "{none:?}");
        let all = wilson(20, 20);
        assert!(all.high <= 1.0 && all.low < 0.9, "{all:?}");
    }
}
