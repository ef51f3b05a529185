//! The training loop, small and visible: labelled features to a trained module.

mod average;
mod checkpoint;
mod find_rate;
mod finite;
mod kernels;
mod norms;
mod optimiser;
mod plan;
mod probe;
mod state;

pub use find_rate::{Suggestion, Trial, find_rate, suggestion};
pub use probe::Steps;
pub(crate) use state::is_best;
pub use state::{Kept, State};

use std::time::Instant;

use burn::tensor::{Tensor, TensorData};
use graft_dataset::Holdout;
use graft_head::{Dropout, cross_entropy};
use graft_report::Evaluation;
use graft_report::record::{Epoch, Scores};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use finite::{check_epoch, check_gradients, check_loss};
use graft_compute::read;
use graft_recipe::Recipe;
use graft_winograd::Tape;
use norms::squares;
use plan::{Part, StepPlan, class_weights};
use state::is_over;

/// What training tells of as it happens.
pub enum TrainingEvent<'a> {
    /// A step within an epoch was taken.
    Step(&'a State),
    /// An epoch ended.
    Epoch(&'a Epoch, &'a State),
}

/// Trains on the training images of `holdout` as the recipe says, from where `state` stands, telling
/// `on` of every step and epoch. Returns the epoch that the recipe keeps, and the module after it.
///
/// # Errors
/// When a loss or a weight is no finite number, the device fails, or `on` does.
pub fn train(
    mut state: State,
    recipe: &Recipe,
    data: &LabelledFeatures,
    holdout: &Holdout,
    mut on: impl FnMut(TrainingEvent) -> Result<(), Error>,
) -> Result<Kept, Error> {
    let weights = data.labels(&holdout.train);
    let weights = class_weights(&recipe.training, &weights, data.classes);
    while !is_over(&state.epochs, &recipe.training) {
        let (started, before) = (Instant::now(), state.seconds);
        let (train, last) = train_epoch(
            &mut state,
            recipe,
            data,
            holdout,
            weights.as_deref(),
            &mut on,
        )?;
        let trained = state.trained()?;
        let validation = validate(&trained, data, holdout)?;
        let epoch = Epoch {
            epoch: state.epochs.len() + 1,
            train,
            validation,
            steps: Some(last.number),
            learning_rate: Some(last.rate),
            gradient_norms: state.squares.norms(&trained),
            seconds: before + started.elapsed().as_secs_f64(),
        };
        check_epoch(&epoch, &trained, &state, data.backend)?;
        state.end(epoch.clone(), trained, &recipe.training);
        on(TrainingEvent::Epoch(&epoch, &state))?;
    }
    state.kept.ok_or(Error::NoEpochs)
}

/// What is left of a pass over the training images in a new order, and its last step. The
/// last batch may be smaller, and counts for what it holds.
fn train_epoch<'a>(
    state: &mut State,
    recipe: &Recipe,
    data: &LabelledFeatures,
    holdout: &Holdout,
    weights: Option<&'a [f32]>,
    on: &mut impl FnMut(TrainingEvent) -> Result<(), Error>,
) -> Result<(Scores, StepPlan<'a>), Error> {
    let epoch = state.epochs.len() + 1;
    let (started, before) = (Instant::now(), state.seconds);
    let seed = recipe.training.seed;
    let order = data.features.order(&holdout.train, seed, epoch as u64);
    let batches = order.chunks(recipe.training.batch_size);
    let plan = |step| {
        let earlier = (epoch - 1) * batches.len();
        StepPlan::new(&recipe.training, earlier + step, batches.len(), weights)
    };
    for batch in batches.clone().skip(state.steps) {
        step(state, &plan(state.steps + 1), data, batch)?;
        state.seconds = before + started.elapsed().as_secs_f64();
        on(TrainingEvent::Step(state))?;
    }
    let logits = std::mem::take(&mut state.seen);
    let logits = data.run(|| read(Tensor::cat(logits, 0)))??;
    let evaluation = Evaluation::new(&data.labels(&order), &logits, data.classes)?;
    Ok((Scores::from(&evaluation), plan(batches.len())))
}

/// What a step learns from.
struct Slopes {
    /// `[batch, classes]`
    logits: Tensor<2>,
    /// Of the parameters that are Burn's.
    module: Vec<Part>,
    /// The sums of their squares, part by part, where stages learn and looking at them costs next to nothing.
    squares: Vec<f64>,
    /// Of the features at the boundary, where our own convolutions go on with it, and what they need for that.
    boundary: Option<(Tape, Vec<f32>)>,
}

/// One step: logits, loss, gradients, and every parameter that learns moved by Adam.
fn step(
    state: &mut State,
    plan: &StepPlan,
    data: &LabelledFeatures,
    batch: &[usize],
) -> Result<(), Error> {
    let epoch = state.epochs.len() + 1;
    let mut slopes = slopes(state, plan, data, batch)?;
    if let (Some(kernels), Some((tape, gradient))) = (&mut state.kernels, slopes.boundary) {
        let squares = kernels.step(epoch, tape, &gradient, (plan.of_stages, plan.rate))?;
        slopes.squares.extend(squares);
    }
    state.squares.add(&slopes.squares);
    let (mut module, optimiser) = (state.module.clone(), &mut state.optimiser);
    for (rate, gradients) in slopes.module {
        module = data.run(|| optimiser.step(rate, module, gradients))?;
    }
    state.module = module;
    if let Some(average) = &mut state.average {
        let (module, kernels) = (&state.module, state.kernels.as_ref());
        data.run(|| average.update(plan.number, module, kernels))?;
    }
    state.seen.push(slopes.logits);
    state.steps += 1;
    Ok(())
}

/// Forward, and back to the boundary. Where tensors lie in the host's memory loss and gradients are checked, and
/// the next loss tells of the weights; elsewhere nothing is read back before the epoch is over.
fn slopes(
    state: &mut State,
    plan: &StepPlan,
    data: &LabelledFeatures,
    batch: &[usize],
) -> Result<Slopes, Error> {
    let epoch = state.epochs.len() + 1;
    let targets = data.targets(batch)?;
    let (features, tape) = features(state, data, batch)?;
    let (logits, loss) = data.run(|| {
        let mut dropout = Dropout::of_step(plan.dropout, plan.seed, plan.number);
        let logits = state
            .module
            .head
            .forward_training(features.clone(), &mut dropout);
        let loss = cross_entropy(
            logits.clone(),
            targets.autodiff(),
            plan.smoothing,
            plan.weights,
        );
        (logits.inner(), loss)
    })?;
    if data.in_memory() {
        check_loss(epoch, &loss)?;
    }
    let mut gradients = data.run(|| loss.backward())?;
    let boundary = match tape {
        Some(tape) if plan.of_stages > 0 => {
            let given = features.grad_remove(&mut gradients);
            Some((tape, given.map_or(Ok(Vec::new()), read)?))
        }
        _ => None,
    };
    let module = data.run(|| plan.parts(&state.module, gradients))?;
    let mut sums = Vec::new();
    if data.in_memory() {
        let stages_learn = state.module.stages.is_some() && plan.of_stages > 0;
        for (_, gradients) in &module {
            check_gradients(epoch, &state.module, gradients)?;
            if stages_learn {
                sums.push(squares(&state.module, gradients)?);
            }
        }
    }
    Ok(Slopes {
        logits,
        module,
        squares: sums,
        boundary,
    })
}

/// The features at the boundary of a batch, `[batch, channels * height * width]`, by the weights of this
/// step; and what the way back needs where it is not Burn's.
fn features(
    state: &mut State,
    data: &LabelledFeatures,
    batch: &[usize],
) -> Result<(Tensor<2>, Option<Tape>), Error> {
    let rows = data.of_epoch(state.epochs.len() + 1, batch)?;
    let Some(kernels) = &mut state.kernels else {
        let features = data.tensor(rows)?;
        let features = data.run(|| state.module.at_boundary(features.autodiff()))??;
        return Ok((features, None));
    };
    let (features, tape) = kernels.forward(rows)?;
    let features = TensorData::new(
        features.clone(),
        [batch.len(), features.len() / batch.len()],
    );
    let features = data.run(|| {
        Tensor::from_data(features, data.device)
            .autodiff()
            .require_grad()
    })?;
    Ok((features, Some(tape)))
}

/// How well `module` does on the held-out images, if there are any.
fn validate(
    module: &Trainable,
    data: &LabelledFeatures,
    holdout: &Holdout,
) -> Result<Option<Scores>, Error> {
    match holdout.validation.as_slice() {
        [] => Ok(None),
        held_out => Ok(Some(Scores::from(&module.evaluate(data, held_out)?))),
    }
}

#[cfg(test)]
mod tests;
