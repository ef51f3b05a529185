//! Features to a trained head: the training loop, small and visible.

mod finite;
mod optimiser;
mod state;

pub(crate) use state::best;
pub use state::{Kept, Resumed, State};

use std::time::Instant;

use burn::module::Module;
use burn::tensor::Tensor;
use graft_dataset::{Holdout, shuffle};
use graft_head::{Head, HeadConfig, Statistics, cross_entropy};
use graft_report::Evaluation;
use graft_report::record::{Epoch, Scores};

use crate::Error;
use crate::examples::Examples;
use finite::{check_epoch, check_gradients, check_loss, check_weights};
use graft_compute::read;
use graft_recipe::Recipe;

/// What training yields.
pub struct Fitted {
    /// The head before the first step.
    pub initial: Head,
    /// The head of the epoch that the recipe keeps.
    pub head: Head,
    /// That epoch.
    pub kept: Epoch,
}

/// What training tells of as it happens.
pub enum Moment<'a> {
    /// A step within an epoch was taken.
    Step(&'a State),
    /// An epoch ended.
    Epoch(&'a Epoch, &'a State),
}

/// Trains the head on the training images of `holdout` as the recipe says, from where `state`
/// stands, telling `on` of every step and epoch.
///
/// # Errors
/// When a feature, a loss or a weight is no finite number, the device fails, or `on` does.
pub fn fit(
    mut state: State,
    recipe: &Recipe,
    examples: &Examples,
    holdout: &Holdout,
    mut on: impl FnMut(Moment) -> Result<(), Error>,
) -> Result<Fitted, Error> {
    let initial = new_head(recipe, examples, holdout).init(examples.device);
    while state.epochs.len() < recipe.training.epochs {
        let (started, before) = (Instant::now(), state.seconds);
        let train = train_epoch(&mut state, recipe, examples, holdout, &mut on)?;
        let trained = state.head.valid();
        let validation = validate(&trained, examples, holdout)?;
        let epoch = Epoch {
            epoch: state.epochs.len() + 1,
            train,
            validation,
            seconds: before + started.elapsed().as_secs_f64(),
        };
        check_epoch(&epoch, &trained, &state.optimiser)?;
        state.end(epoch, trained, recipe.training.keep);
        on(Moment::Epoch(&epoch, &state))?;
    }
    let (kept, head) = state.kept.ok_or(Error::NoEpochs)?;
    Ok(Fitted {
        initial,
        head,
        kept,
    })
}

/// What is left of a pass over the training images in a new order. The last batch may be smaller,
/// and counts for what it holds. Where tensors lie in the host's memory every step is checked;
/// elsewhere nothing is read back until the pass is over.
fn train_epoch(
    state: &mut State,
    recipe: &Recipe,
    examples: &Examples,
    holdout: &Holdout,
    on: &mut impl FnMut(Moment) -> Result<(), Error>,
) -> Result<Scores, Error> {
    let epoch = state.epochs.len() + 1;
    let (started, before) = (Instant::now(), state.seconds);
    let mut order = holdout.train.clone();
    shuffle(&mut order, recipe.training.seed, epoch as u64);
    let batches = order.chunks(recipe.training.batch_size);
    for batch in batches.skip(state.steps()) {
        let (features, targets) = examples.batch(batch)?;
        let logits = state.head.forward(features.autodiff()); // [batch, classes]
        state.seen.push(logits.clone().inner());
        let loss = cross_entropy(logits, targets.autodiff());
        if examples.host {
            check_loss(epoch, &loss)?;
        }
        let gradients = state.head.gradients(&loss).ok_or(Error::NoGradients)?;
        if examples.host {
            check_gradients(epoch, &gradients)?;
        }
        state.step(recipe.training.learning_rate, gradients);
        if examples.host {
            check_weights(epoch, &state.head)?;
        }
        state.seconds = before + started.elapsed().as_secs_f64();
        on(Moment::Step(state))?;
    }
    let logits = read(Tensor::cat(std::mem::take(&mut state.seen), 0))?;
    let evaluation = Evaluation::new(&examples.labels(&order), &logits, recipe.data.classes)?;
    Ok(Scores::from(&evaluation))
}

/// How well `head` does on the held-out images, if there are any.
fn validate(head: &Head, examples: &Examples, holdout: &Holdout) -> Result<Option<Scores>, Error> {
    match holdout.validation.as_slice() {
        [] => Ok(None),
        held_out => Ok(Some(Scores::from(&examples.evaluate(head, held_out)?))),
    }
}

fn new_head(recipe: &Recipe, examples: &Examples, holdout: &Holdout) -> HeadConfig {
    let features = examples.features.width();
    let rows = holdout
        .train
        .iter()
        .map(|index| examples.features.rows(&[*index]));
    HeadConfig {
        features,
        classes: recipe.data.classes,
        seed: recipe.training.seed,
        statistics: recipe
            .head
            .standardise
            .then(|| Statistics::of(rows, features)),
    }
}

#[cfg(test)]
mod tests;
