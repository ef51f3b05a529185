//! Where a value lies along an axis, and which round values are marked.

use std::ops::Range;

/// Maps values to places; `places` may run backwards, as heights do.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    domain: (f64, f64),
    places: Range<f64>,
    logarithmic: bool,
    /// The marked values.
    pub(super) ticks: Vec<f64>,
    /// The distance between them; 0 where they are not evenly spaced.
    pub(super) step: f64,
}

impl Scale {
    /// Evenly spaced, from a round value to a round value, with about `target` marks.
    pub(super) fn linear(low: f64, high: f64, target: f64, places: Range<f64>) -> Self {
        let (low, high) = widened(low, high);
        let step = round_step((high - low) / target);
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil();
        let places_of_ticks = std::iter::successors(Some(first), |place| Some(place + 1.0));
        let ticks = places_of_ticks.take_while(|place| *place <= last);
        let ticks = ticks.map(|place| place * step).collect();
        Self {
            domain: (first * step, last * step),
            places,
            logarithmic: false,
            ticks,
            step,
        }
    }

    /// Places from `low` to `high` and no further, with a mark at every one of `ticks`.
    pub(super) fn exact(low: f64, high: f64, ticks: Vec<f64>, places: Range<f64>) -> Self {
        Self {
            domain: widened(low, high),
            places,
            logarithmic: false,
            ticks,
            step: 0.0,
        }
    }

    /// The same without what lies beyond `most`.
    pub(super) fn up_to(mut self, most: f64) -> Self {
        self.ticks.retain(|tick| *tick <= most + 1e-9);
        self.domain.1 = self.domain.1.min(most);
        self
    }

    /// Spaced by logarithms of values above 0, with marks at the decades' 1, 2 and 5, or at 1 alone
    /// where those would be more than `most`.
    pub(super) fn logarithmic(low: f64, high: f64, most: usize, places: Range<f64>) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        let (low, high) = if high > low * 1.01 {
            (low, high)
        } else {
            (low / 2.0, low * 2.0)
        };
        let inside = |tick: &f64| (low * 0.999..=high * 1.001).contains(tick);
        let first = Some(low.log10().floor());
        let decades = || std::iter::successors(first, |decade| Some(decade + 1.0));
        let marks = |steps: &[f64]| -> Vec<f64> {
            let decades = decades().take_while(|decade| *decade <= high.log10());
            let marks =
                decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powf(decade)));
            marks.filter(inside).collect()
        };
        let ticks = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]].map(marks);
        let few = ticks.iter().find(|ticks| ticks.len() <= most);
        Self {
            domain: (low, high),
            places,
            logarithmic: true,
            ticks: few.unwrap_or(&ticks[2]).clone(),
            step: 0.0,
        }
    }

    /// The same with marks where the values themselves are, if there is room of `apart` for each.
    pub(super) fn marked_at(mut self, values: &[f64], apart: f64) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let places: Vec<f64> = values.iter().map(|value| self.at(*value)).collect();
        let mut neighbours = places.windows(2);
        let roomy = neighbours.all(|two| (two[1] - two[0]).abs() >= apart);
        if roomy && values.len() > 1 {
            self.ticks = values;
            self.step = 0.0;
        }
        self
    }

    /// The place of `value`.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let share = if self.logarithmic {
            (value.max(low / 10.0) / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        };
        self.places.start + share * (self.places.end - self.places.start)
    }
}

/// A range that is never empty.
fn widened(low: f64, high: f64) -> (f64, f64) {
    if high - low > 1e-9 * high.abs().max(low.abs()).max(1e-6) {
        return (low, high);
    }
    let around = if low == 0.0 { 1.0 } else { 0.05 * low.abs() };
    (low - around, high + around)
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let decade = 10f64.powf(step.log10().floor());
    let mut rounds = [1.0, 2.0, 5.0].iter().map(|times| times * decade);
    let enough = rounds.find(|round| *round >= step * 0.999);
    enough.unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-9 * b.abs().max(1e-9), "{found:?}");
        }
    }

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        for (low, high, ticks) in [
            (0.0, 0.757, &[0.0, 0.2, 0.4, 0.6, 0.8][..]),
            (0.8011, 0.9568, &[0.8, 0.85, 0.9, 0.95, 1.0]),
            (1.0, 1.0, &[0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06]),
            (0.0, 0.0, &[-1.0, -0.5, 0.0, 0.5, 1.0]),
        ] {
            near(&Scale::linear(low, high, 5.0, 0.0..1.0).ticks, ticks);
        }
        near(
            &Scale::logarithmic(1.0, 500.0, 9, 0.0..1.0).ticks,
            &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0],
        );
        near(
            &Scale::logarithmic(1e-4, 1e-1, 8, 0.0..1.0).ticks,
            &[1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1],
        );
        near(
            &Scale::logarithmic(5.0, 5.0, 8, 0.0..1.0).ticks,
            &[5.0, 10.0],
        );
    }

    #[test]
    fn places_run_from_end_to_end() {
        let scale = Scale::linear(0.0, 1.0, 5.0, 300.0..20.0);
        near(
            &[scale.at(0.0), scale.at(0.5), scale.at(1.0)],
            &[300.0, 160.0, 20.0],
        );
        let scale = Scale::logarithmic(1.0, 100.0, 5, 0.0..10.0);
        near(
            &[scale.at(1.0), scale.at(10.0), scale.at(100.0)],
            &[0.0, 5.0, 10.0],
        );
    }

    #[test]
    fn marks_stand_where_values_are_if_they_fit() {
        let scale = Scale::logarithmic(1.0, 500.0, 8, 0.0..300.0);
        let values = [1.0, 5.0, 10.0, 50.0, 100.0, 500.0];
        near(&scale.clone().marked_at(&values, 30.0).ticks, &values);
        near(&scale.clone().marked_at(&values, 40.0).ticks, &scale.ticks);
    }
}
