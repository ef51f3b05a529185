//! Mean and deviation of every feature over the training images.

/// A deviation below this counts as none: the feature is constant and is only centred.
pub const SMALLEST_DEVIATION: f32 = 1e-6;

/// What standardisation subtracts and divides by, one value a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// The mean of each feature.
    pub mean: Vec<f32>,
    /// The population standard deviation of each feature; 1 where it is below
    /// [`SMALLEST_DEVIATION`].
    pub deviation: Vec<f32>,
}

impl Statistics {
    /// The statistics of `rows`, each of `features` values, in one pass and double precision
    /// (Welford's method). No rows give mean 0 and deviation 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "computed in f64, kept in f32"
    )]
    pub fn of(rows: impl Iterator<Item = impl AsRef<[f32]>>, features: usize) -> Self {
        let mut mean = vec![0.0_f64; features];
        let mut squares = vec![0.0_f64; features];
        let mut n = 0.0_f64;
        for row in rows {
            n += 1.0;
            for ((mean, squares), value) in mean.iter_mut().zip(&mut squares).zip(row.as_ref()) {
                let before = f64::from(*value) - *mean;
                *mean += before / n;
                *squares += before * (f64::from(*value) - *mean);
            }
        }
        let deviation = |squares: &f64| match (squares / n).sqrt() as f32 {
            deviation if deviation >= SMALLEST_DEVIATION => deviation,
            _ => 1.0,
        };
        Self {
            deviation: squares.iter().map(deviation).collect(),
            mean: mean.iter().map(|mean| *mean as f32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let rows: [&[f32]; 4] = [&[1.0, 5.0], &[3.0, 5.0], &[1.0, 5.0], &[3.0, 5.0]];
        let statistics = Statistics::of(rows.into_iter(), 2);
        assert_eq!(statistics.mean, [2.0, 5.0]);
        assert_eq!(statistics.deviation, [1.0, 1.0]);
        let none = Statistics::of(std::iter::empty::<&[f32]>(), 1);
        assert_eq!(
            none,
            Statistics {
                mean: vec![0.0],
                deviation: vec![1.0]
            }
        );
    }

    #[test]
    fn a_large_offset_costs_no_precision() {
        let rows: Vec<[f32; 1]> = (0..1000u16).map(|i| [4096.0 + f32::from(i % 2)]).collect();
        let statistics = Statistics::of(rows.iter().map(<[f32; 1]>::as_slice), 1);
        assert_eq!(statistics.mean, [4096.5]);
        assert!((statistics.deviation[0] - 0.5).abs() < 1e-6);
    }
}
