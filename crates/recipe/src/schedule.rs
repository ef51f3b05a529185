//! How the learning rate changes over the steps of a training.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::Training;

/// The first learning rate of [`Schedule::OneCycle`] is the largest over this, as in `PyTorch`.
const FIRST: f64 = 25.0;
/// Its last one is its first over this, as in `PyTorch`.
const LAST: f64 = 1e4;

/// How the learning rate changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all, once the warm-up is over.
    Constant,
    /// Down to 0 along half a cosine (I. Loshchilov and F. Hutter, "SGDR", 2017).
    Cosine,
    /// Up from a 25th along half a cosine in the warm-up, and along another one down to almost 0
    /// (L. Smith and N. Topin, "Super-convergence", 2018; the numbers are those of `PyTorch`'s
    /// `OneCycleLR`).
    OneCycle,
}

impl Training {
    /// The learning rate of step `step`, counted from 1, of a training of `steps` steps. The warm-up of
    /// [`Schedule::Constant`] and [`Schedule::Cosine`] rises in a straight line.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "steps are far below 2^52")]
    pub fn rate(&self, step: usize, steps: usize) -> f64 {
        let (rate, before) = (self.learning_rate, step.saturating_sub(1) as f64);
        let warm = self.warmup * steps as f64;
        match self.schedule {
            Schedule::OneCycle => {
                let (first, top) = (rate / FIRST, (warm - 1.0).max(0.0));
                if before < top {
                    return between(first, rate, before / top);
                }
                let rest = (steps as f64 - 1.0 - top).max(1.0);
                between(rate, first / LAST, (before - top) / rest)
            }
            _ if (step as f64) < warm => rate * step as f64 / warm,
            Schedule::Constant => rate,
            Schedule::Cosine => {
                between(rate, 0.0, (before - warm).max(0.0) / (steps as f64 - warm))
            }
        }
    }
}

/// Between two values along half a cosine, `share` of the way.
fn between(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (PI * share).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    fn rates(schedule: Schedule, warmup: f64, steps: usize) -> Vec<f64> {
        let training = Training {
            schedule,
            warmup,
            learning_rate: 0.002,
            ..Recipe::default().training
        };
        (1..=steps).map(|step| training.rate(step, steps)).collect()
    }

    #[test]
    fn schedules() {
        // PyTorch 2: OneCycleLR(max_lr=0.002, total_steps=10, pct_start=0.3).
        let one_cycle = [
            8e-5,
            1.04e-3,
            2e-3,
            1.900_969_264e-3,
            1.623_491_308e-3,
            1.222_524_044e-3,
            7.774_839_56e-4,
            3.765_166_92e-4,
            9.903_873_6e-5,
            8e-9,
        ];
        let half: f64 = 0.001;
        for (schedule, warmup, expected) in [
            (Schedule::OneCycle, 0.3, &one_cycle[..]),
            (Schedule::Constant, 0.0, &[0.002; 4]),
            (Schedule::Constant, 0.5, &[0.001, 0.002, 0.002, 0.002]),
            (
                Schedule::Cosine,
                0.0,
                &[
                    0.002,
                    half * (1.0 + 0.5_f64.sqrt()),
                    0.001,
                    half * (1.0 - 0.5_f64.sqrt()),
                ],
            ),
            (Schedule::Cosine, 0.5, &[0.001, 0.002, 0.002, 0.001]),
        ] {
            let found = rates(schedule, warmup, expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let off = (found - expected).abs();
                assert!(off < 1e-9, "{schedule:?}: {found} instead of {expected}");
            }
        }
    }

    #[test]
    fn without_schedule_and_warmup_it_is_the_recipe_s_to_the_last_bit() {
        let training = Recipe::default().training;
        for step in [1, 2, 999, 1000] {
            let rate = training.rate(step, 1000);
            assert_eq!(rate.to_bits(), training.learning_rate.to_bits());
        }
    }

    #[test]
    fn a_training_of_one_step_has_a_rate() {
        for schedule in [Schedule::Constant, Schedule::Cosine, Schedule::OneCycle] {
            for warmup in [0.0, 0.3, 0.99] {
                let rate = rates(schedule, warmup, 1)[0];
                assert!(rate > 0.0 && rate <= 0.002, "{schedule:?} {warmup}: {rate}");
            }
        }
    }
}
