//! Features to a trained head: the training loop, small and visible.

use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use graft_head::{Head, HeadConfig, Statistics, cross_entropy};
use graft_report::Evaluation;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::examples::{Examples, read};
use crate::recipe::{Keep, Recipe, RecipeError};

/// Loss and accuracy over a set of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// The share that was right.
    pub accuracy: f64,
}

/// One line of a run's metrics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Over the training images while they were learned from, as Keras reports it: early batches
    /// met a worse head than late ones.
    pub train: Scores,
    /// Over the held-out images after the epoch; none where nothing is held out.
    pub validation: Option<Scores>,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

/// What training yields.
pub struct Fitted {
    /// The head before the first step.
    pub initial: Head,
    /// The head of the epoch that the recipe keeps.
    pub head: Head,
    /// That epoch.
    pub kept: Epoch,
}

/// Trains a new head as the recipe says, telling `on_epoch` of every epoch as it ends.
///
/// # Errors
/// When the loss stops being a finite number, the device fails, or `on_epoch` does.
pub fn fit(
    recipe: &Recipe,
    examples: &Examples,
    device: &Device,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Fitted, Error> {
    let mut head = new_head(recipe, examples).init(&device.clone().autodiff());
    let mut optimiser = adam(recipe);
    let initial = head.valid();
    let mut kept: Option<(Epoch, Head)> = None;
    for number in 1..=recipe.training.epochs {
        let started = Instant::now();
        let train;
        (head, train) = train_epoch(head, &mut optimiser, recipe, examples, number)?;
        let validation = examples
            .validate(&head.valid())?
            .map(|evaluation| scores(&evaluation));
        let epoch = Epoch {
            epoch: number,
            train,
            validation,
            seconds: started.elapsed().as_secs_f64(),
        };
        on_epoch(&epoch)?;
        if kept
            .as_ref()
            .is_none_or(|(best, _)| replaces(&epoch, best, recipe.training.keep))
        {
            kept = Some((epoch, head.valid()));
        }
    }
    let no_epochs = RecipeError::Value {
        key: "training.epochs",
        expected: "at least 1".into(),
        found: "0".into(),
    };
    let (kept, head) = kept.ok_or(no_epochs)?;
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
    epoch: usize,
) -> Result<(Head, Scores), Error> {
    let order = examples.order(recipe.training.seed, epoch);
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
    let train = scores(&Evaluation::new(
        &examples.labels(&order),
        &logits,
        recipe.data.classes,
    )?);
    if train.loss.is_finite() {
        Ok((head, train))
    } else {
        Err(Error::Diverged {
            epoch,
            loss: train.loss,
        })
    }
}

fn new_head(recipe: &Recipe, examples: &Examples) -> HeadConfig {
    let statistics = recipe
        .head
        .standardise
        .then(|| Statistics::of(examples.training_rows(), examples.features.width()));
    HeadConfig {
        features: examples.features.width(),
        classes: recipe.data.classes,
        seed: recipe.training.seed,
        statistics,
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

fn scores(evaluation: &Evaluation) -> Scores {
    Scores {
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
    }
}

#[cfg(test)]
mod tests;
