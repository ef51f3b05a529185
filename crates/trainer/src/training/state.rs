//! Where training stands: everything that the next step depends on. The order of the images is drawn
//! anew from the seed and the epoch's number, so no random state is needed.

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::Tensor;
use graft_report::record::Epoch;

use super::kernels::Kernels;
use super::optimiser::adam;
use crate::Error;
use crate::trainable::Trainable;
use graft_recipe::{Keep, Recipe};

/// An epoch, and the module after it, without gradients.
pub type Kept = (Epoch, Trainable);

/// Where training stands.
pub struct State {
    /// On the device that learns, with gradients. Stages that `kernels` train are in it as they were
    /// before the first step.
    pub(super) module: Trainable,
    pub(super) kernels: Option<Kernels>,
    pub(super) optimiser: ModuleOptimizer,
    /// The finished epochs.
    pub(super) epochs: Vec<Epoch>,
    /// Steps taken in the epoch under way.
    pub(super) steps: usize,
    /// Their logits; those of the steps that another process took are one tensor.
    pub(super) seen: Vec<Tensor<2>>,
    /// How long the epoch under way has taken so far.
    pub(super) seconds: f64,
    /// The epoch that the recipe keeps so far, and its module.
    pub(super) kept: Option<Kept>,
}

impl State {
    /// Before the first step of `module`.
    ///
    /// # Errors
    /// When its stages cannot be trained.
    pub fn new(recipe: &Recipe, module: Trainable) -> Result<Self, Error> {
        Ok(Self {
            kernels: Kernels::new(recipe, &module)?,
            module,
            optimiser: adam(recipe),
            epochs: Vec::new(),
            steps: 0,
            seen: Vec::new(),
            seconds: 0.0,
            kept: None,
        })
    }

    /// The module as it is now, without gradients.
    pub(super) fn trained(&self) -> Result<Trainable, Error> {
        let mut module = self.module.valid();
        if let Some(kernels) = &self.kernels {
            module.stages = Some(kernels.stages()?);
        }
        Ok(module)
    }

    /// The finished epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Steps taken in the epoch under way.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Ends the epoch under way, whose module is `trained`.
    pub(super) fn end(&mut self, epoch: Epoch, trained: Trainable, keep: Keep) {
        self.epochs.push(epoch);
        (self.steps, self.seconds) = (0, 0.0);
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

/// Whether the last of `epochs` is the one that [`Keep::Best`] keeps.
pub(crate) fn is_best(epochs: &[Epoch]) -> bool {
    let better = |best, epoch| {
        if replaces(epoch, best, Keep::Best) {
            epoch
        } else {
            best
        }
    };
    epochs.iter().reduce(better) == epochs.last()
}
