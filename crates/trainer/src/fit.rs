//! Features to a trained head: the training loop, small and visible.

use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use graft_dataset::{Holdout, shuffle};
use graft_head::{Head, HeadConfig, Statistics, cross_entropy};
use graft_report::Evaluation;
use graft_report::record::{Epoch, Scores};

use crate::Error;
use crate::examples::{Examples, read};
use crate::recipe::{Keep, Recipe};

/// What training yields.
pub struct Fitted {
    /// The head before the first step.
    pub initial: Head,
    /// The head of the epoch that the recipe keeps.
    pub head: Head,
    /// That epoch.
    pub kept: Epoch,
}

/// Trains a new head on the training images of `holdout` as the recipe says, telling `on_epoch` of
/// every epoch as it ends.
///
/// # Errors
/// When a loss or a weight stops being a finite number, the device fails, or `on_epoch` does.
pub fn fit(
    recipe: &Recipe,
    examples: &Examples,
    holdout: &Holdout,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Fitted, Error> {
    let mut head = new_head(recipe, examples, holdout).init(&examples.device.clone().autodiff());
    let mut optimiser = adam(recipe);
    let initial = head.valid();
    let mut best: Option<(Epoch, Head)> = None;
    for number in 1..=recipe.training.epochs {
        let started = Instant::now();
        let train;
        (head, train) = train_epoch(head, &mut optimiser, recipe, examples, holdout, number)?;
        let trained = head.valid();
        let validation = validate(&trained, examples, holdout)?;
        let seconds = started.elapsed().as_secs_f64();
        let epoch = Epoch {
            epoch: number,
            train,
            validation,
            seconds,
        };
        check_finite(&epoch, &trained)?;
        on_epoch(&epoch)?;
        if best
            .as_ref()
            .is_none_or(|(best, _)| replaces(&epoch, best, recipe.training.keep))
        {
            best = Some((epoch, trained));
        }
    }
    let (kept, head) = best.ok_or(Error::NoEpochs)?;
    Ok(Fitted {
        initial,
        head,
        kept,
    })
}

/// One pass over the training images in a new order. The last batch may be smaller, and counts for
/// what it holds. Nothing is read back from the device until the pass is over.
fn train_epoch(
    mut head: Head,
    optimiser: &mut ModuleOptimizer,
    recipe: &Recipe,
    examples: &Examples,
    holdout: &Holdout,
    epoch: usize,
) -> Result<(Head, Scores), Error> {
    let mut order = holdout.train.clone();
    shuffle(&mut order, recipe.training.seed, epoch as u64);
    let mut seen = Vec::with_capacity(order.len().div_ceil(recipe.training.batch_size));
    for batch in order.chunks(recipe.training.batch_size) {
        let (features, targets) = examples.batch(batch);
        let logits = head.forward(features.autodiff()); // [batch, classes]
        seen.push(logits.clone().inner());
        let loss = cross_entropy(logits, targets.autodiff());
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = optimiser.step(recipe.training.learning_rate, head, gradients);
    }
    let logits = read(Tensor::cat(seen, 0))?;
    let evaluation = Evaluation::new(&examples.labels(&order), &logits, recipe.data.classes)?;
    Ok((head, Scores::from(&evaluation)))
}

/// How well `head` does on the held-out images, if there are any.
fn validate(head: &Head, examples: &Examples, holdout: &Holdout) -> Result<Option<Scores>, Error> {
    match holdout.validation.as_slice() {
        [] => Ok(None),
        held_out => Ok(Some(Scores::from(&examples.evaluate(head, held_out)?))),
    }
}

/// Stops a run whose numbers went wrong before anything of it is recorded. The training loss is
/// that of the heads before each step; the head itself tells of the last one.
fn check_finite(epoch: &Epoch, head: &Head) -> Result<(), Error> {
    let diverged = |what, value| {
        Err(Error::Diverged {
            epoch: epoch.epoch,
            what,
            value,
        })
    };
    match (
        epoch.train.loss,
        epoch.validation.map_or(0.0, |scores| scores.loss),
    ) {
        (loss, _) if !loss.is_finite() => diverged("training loss", loss),
        (_, loss) if !loss.is_finite() => diverged("validation loss", loss),
        _ => match head
            .weight()
            .into_iter()
            .chain(head.bias())
            .find(|value| !value.is_finite())
        {
            Some(value) => diverged("a weight of the head", value.into()),
            None => Ok(()),
        },
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

fn adam(recipe: &Recipe) -> ModuleOptimizer {
    let adam = recipe.training.adam;
    AdamConfig::new()
        .with_beta_1(adam.beta_1)
        .with_beta_2(adam.beta_2)
        .with_epsilon(adam.epsilon)
        .init()
}

/// Whether `epoch` is kept rather than the best so far.
fn replaces(epoch: &Epoch, best: &Epoch, keep: Keep) -> bool {
    match (keep, epoch.validation, best.validation) {
        (Keep::Best, Some(now), Some(best)) => now.loss < best.loss,
        _ => true,
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests;
