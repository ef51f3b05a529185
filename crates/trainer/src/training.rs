//! The training loop, small and visible: labelled features to a trained module.

mod checkpoint;
mod finite;
mod optimiser;
mod state;

pub(crate) use state::is_best;
pub use state::{Kept, State};

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use graft_dataset::{Holdout, shuffle};
use graft_head::cross_entropy;
use graft_report::Evaluation;
use graft_report::record::{Epoch, Scores};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use finite::{check_epoch, check_gradients, check_loss};
use graft_compute::read;
use graft_recipe::Recipe;

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
    while state.epochs.len() < recipe.training.epochs {
        let (started, before) = (Instant::now(), state.seconds);
        let train = train_epoch(&mut state, recipe, data, holdout, &mut on)?;
        let trained = state.module.valid();
        let validation = validate(&trained, data, holdout)?;
        let epoch = Epoch {
            epoch: state.epochs.len() + 1,
            train,
            validation,
            seconds: before + started.elapsed().as_secs_f64(),
        };
        check_epoch(&epoch, &trained, &state.optimiser, data.backend)?;
        state.end(epoch, trained, recipe.training.keep);
        on(TrainingEvent::Epoch(&epoch, &state))?;
    }
    state.kept.ok_or(Error::NoEpochs)
}

/// What is left of a pass over the training images in a new order. The last batch may be smaller,
/// and counts for what it holds.
fn train_epoch(
    state: &mut State,
    recipe: &Recipe,
    data: &LabelledFeatures,
    holdout: &Holdout,
    on: &mut impl FnMut(TrainingEvent) -> Result<(), Error>,
) -> Result<Scores, Error> {
    let epoch = state.epochs.len() + 1;
    let (started, before) = (Instant::now(), state.seconds);
    let mut order = holdout.train.clone();
    shuffle(&mut order, recipe.training.seed, epoch as u64);
    let batches = order.chunks(recipe.training.batch_size);
    for batch in batches.skip(state.steps) {
        step(state, recipe.training.learning_rate, data, batch)?;
        state.seconds = before + started.elapsed().as_secs_f64();
        on(TrainingEvent::Step(state))?;
    }
    let logits = std::mem::take(&mut state.seen);
    let logits = data.run(|| read(Tensor::cat(logits, 0)))??;
    let evaluation = Evaluation::new(&data.labels(&order), &logits, recipe.data.classes)?;
    Ok(Scores::from(&evaluation))
}

/// One step: logits, loss, gradients, and every parameter that learns moved by Adam. Where tensors
/// lie in the host's memory loss and gradients are checked, and the next loss tells of the weights;
/// elsewhere nothing is read back before the epoch is over.
fn step(
    state: &mut State,
    learning_rate: f64,
    data: &LabelledFeatures,
    batch: &[usize],
) -> Result<(), Error> {
    let epoch = state.epochs.len() + 1;
    let (features, targets) = data.batch(batch)?;
    let (logits, loss) = data.run(|| {
        let logits = state.module.forward(features.autodiff()); // [batch, classes]
        let loss = cross_entropy(logits.clone(), targets.autodiff());
        (logits.inner(), loss)
    })?;
    if data.in_memory() {
        check_loss(epoch, &loss)?;
    }
    let gradients = data.run(|| GradientsParams::from_grads(loss.backward(), &state.module))?;
    if data.in_memory() {
        check_gradients(epoch, &state.module, &gradients)?;
    }
    let (module, optimiser) = (state.module.clone(), &mut state.optimiser);
    state.module = data.run(|| optimiser.step(learning_rate, module, gradients))?;
    state.seen.push(logits);
    state.steps += 1;
    Ok(())
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
