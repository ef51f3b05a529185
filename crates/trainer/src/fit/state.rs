//! Where training stands: everything that the next step depends on. The order of the images is drawn
//! anew from the seed and the epoch's number, so no random state is needed.

mod file;
mod resume;

use burn::tensor::Tensor;
use graft_dataset::Holdout;
use graft_head::{Gradients, Head};
use graft_report::record::Epoch;

use super::new_head;
use super::optimiser::Optimiser;
use crate::examples::Examples;
pub use file::Resumed;
use graft_recipe::{Keep, Recipe};

/// An epoch, and the head after it.
pub type Kept = (Epoch, Head);

/// Where training stands.
pub struct State {
    /// On the device that learns.
    pub(super) head: Head,
    pub(super) optimiser: Optimiser,
    /// The finished epochs.
    pub(super) epochs: Vec<Epoch>,
    /// Steps of the epoch under way that another process took.
    resumed_steps: usize,
    /// The logits of the steps taken in the epoch under way; those of another process are one.
    pub(super) seen: Vec<Tensor<2>>,
    /// How long the epoch under way has taken so far.
    pub(super) seconds: f64,
    /// The epoch that the recipe keeps so far, and its head.
    pub(super) kept: Option<Kept>,
}

impl State {
    /// Before the first step.
    #[must_use]
    pub fn new(recipe: &Recipe, examples: &Examples, holdout: &Holdout) -> Self {
        let device = examples.device.clone().autodiff();
        Self {
            head: new_head(recipe, examples, holdout).init(&device),
            optimiser: Optimiser::new(recipe),
            epochs: Vec::new(),
            resumed_steps: 0,
            seen: Vec::new(),
            seconds: 0.0,
            kept: None,
        }
    }

    /// The finished epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Steps taken in the epoch under way.
    #[must_use]
    pub fn steps(&self) -> usize {
        match self.resumed_steps {
            0 => self.seen.len(),
            // The other process's logits are the first tensor.
            steps => steps + self.seen.len() - 1,
        }
    }

    /// One step of the optimiser.
    pub(super) fn step(&mut self, learning_rate: f64, gradients: Gradients) {
        let head = self.head.clone();
        self.head = self.optimiser.step(learning_rate, head, gradients);
    }

    /// Ends the epoch under way, whose head is `trained`.
    pub(super) fn end(&mut self, epoch: Epoch, trained: Head, keep: Keep) {
        self.epochs.push(epoch);
        (self.resumed_steps, self.seconds) = (0, 0.0);
        let kept = self.kept.as_ref();
        if kept.is_none_or(|(kept, _)| replaces(&epoch, kept, keep)) {
            self.kept = Some((epoch, trained));
        }
    }
}

/// Whether `epoch` is kept rather than the best so far.
pub(super) fn replaces(epoch: &Epoch, best: &Epoch, keep: Keep) -> bool {
    match (keep, epoch.validation, best.validation) {
        (Keep::Best, Some(now), Some(best)) => now.loss < best.loss,
        _ => true,
    }
}

/// The best of `epochs`, which [`Keep::Best`] keeps.
pub(crate) fn best(epochs: &[Epoch]) -> Option<&Epoch> {
    let better = |best, epoch| {
        if replaces(epoch, best, Keep::Best) {
            epoch
        } else {
            best
        }
    };
    epochs.iter().reduce(better)
}

#[cfg(test)]
mod mutations;
