//! The learning rate finder: a short training whose rate grows with every step (L. N. Smith, "Cyclical Learning
//! Rates for Training Neural Networks", 2017).

use graft_compute::read;
use graft_environment::interrupt;
use graft_recipe::Recipe;
use graft_report::Evaluation;
use serde::Serialize;

use super::plan::{StepPlan, class_weights};
use super::state::State;
use super::step;
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;

/// Steps, from the first of [`RATES`] to the last.
const STEPS: usize = 200;
/// Rates that are tried.
const RATES: [f64; 2] = [1e-6, 1.0];
/// How much of the mean of losses each step keeps: it lags ten steps behind, a third of a power of ten.
const KEPT: f64 = 0.9;
/// A mean that is so many times the lowest one ends it.
const DIVERGED: f64 = 4.0;

/// A step at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trial {
    /// The learning rate of the head.
    pub learning_rate: f64,
    /// The loss of the batch before the step.
    pub loss: f64,
    /// The mean of losses so far, newer ones counting more, without the bias of its start.
    pub smoothed: f64,
}

/// What rates to take from the trials.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Suggestion {
    /// Where the smoothed loss is lowest: most trainings with a constant rate diverge or stall from here on.
    pub lowest: f64,
    /// A tenth of that, which is safe.
    pub learning_rate: f64,
}

/// Steps of `module` on the images `train` with growing rates, up to the one that diverges. Stages that learn move from
/// the first step on; schedule and warm-up are left out.
///
/// # Errors
/// When the device fails, the first step already yields no finite number, or a signal asks to stop.
pub fn find_rate(
    recipe: &Recipe,
    data: &LabelledFeatures,
    module: Trainable,
    train: &[usize],
) -> Result<Vec<Trial>, Error> {
    let training = &recipe.training;
    let weights = class_weights(training, &data.labels(train), data.classes);
    let epochs = (1..).map(|epoch| data.features.order(train, training.seed, epoch));
    let batches = epochs.flat_map(|order| {
        let batches = order.chunks(training.batch_size);
        batches.map(<[usize]>::to_vec).collect::<Vec<_>>()
    });
    let mut state = State::new(recipe, module)?;
    let mut trials: Vec<Trial> = Vec::new();
    let (mut mean, mut share) = (0.0, 1.0);
    for (number, batch) in (1..=STEPS).zip(batches) {
        interrupt::go_on()?;
        let rate = rate(number);
        let plan = StepPlan {
            rate,
            of_stages: number,
            ..StepPlan::new(training, number, STEPS, weights.as_deref())
        };
        match step(&mut state, &plan, data, &batch) {
            Err(Error::Diverged { .. }) if !trials.is_empty() => break,
            done => done?,
        }
        let Some(logits) = state.seen.pop() else {
            break;
        };
        let logits = data.run(|| read(logits))??;
        let loss = Evaluation::new(&data.labels(&batch), &logits, data.classes)?.loss;
        mean = KEPT * mean + (1.0 - KEPT) * loss;
        share *= KEPT;
        let smoothed = mean / (1.0 - share);
        if trials.iter().any(|one| smoothed > DIVERGED * one.smoothed) || !loss.is_finite() {
            break;
        }
        trials.push(Trial {
            learning_rate: rate,
            loss,
            smoothed,
        });
    }
    Ok(trials)
}

/// The rate of step `number`, counted from 1: spaced by their logarithms.
#[expect(clippy::cast_precision_loss, reason = "hundreds of steps")]
fn rate(number: usize) -> f64 {
    let [first, last] = RATES;
    let share = (number - 1) as f64 / (STEPS - 1) as f64;
    first * (last / first).powf(share)
}

/// What to take; none where the loss never fell.
#[must_use]
pub fn suggestion(trials: &[Trial]) -> Option<Suggestion> {
    let best = trials
        .iter()
        .min_by(|a, b| a.smoothed.total_cmp(&b.smoothed))?;
    let fell = best.smoothed < trials.first()?.smoothed;
    fell.then_some(Suggestion {
        lowest: best.learning_rate,
        learning_rate: best.learning_rate / 10.0,
    })
}
