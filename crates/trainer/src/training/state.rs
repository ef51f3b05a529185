//! Where training stands: everything that the next step depends on. The order of the images is drawn
//! anew from the seed and the epoch's number, so no random state is needed.

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::Tensor;
use graft_report::record::Epoch;

use super::average::Average;
use super::kernels::Kernels;
use super::norms::Squares;
use super::optimiser::adam;
use crate::Error;
use crate::trainable::Trainable;
use graft_recipe::{Keep, Recipe, Training};

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
    /// The squares of its gradients.
    pub(super) squares: Squares,
    /// How long the epoch under way has taken so far.
    pub(super) seconds: f64,
    /// The moving average of weights, where the recipe has one.
    pub(super) average: Option<Average>,
    /// The epoch that the recipe keeps so far, and its module.
    pub(super) kept: Option<Kept>,
}

impl State {
    /// Before the first step of `module`.
    ///
    /// # Errors
    /// When its stages cannot be trained.
    pub fn new(recipe: &Recipe, module: Trainable) -> Result<Self, Error> {
        let kernels = Kernels::new(recipe, &module)?;
        Ok(Self {
            average: Average::new(recipe.training.ema, &module, kernels.as_ref()),
            kernels,
            module,
            optimiser: adam(recipe),
            epochs: Vec::new(),
            steps: 0,
            seen: Vec::new(),
            squares: Squares::default(),
            seconds: 0.0,
            kept: None,
        })
    }

    /// The module as it is evaluated and kept now, without gradients: its weights, or their average.
    pub(super) fn trained(&self) -> Result<Trainable, Error> {
        let average = self.average.as_ref();
        let mut module = average.map_or_else(|| self.module.valid(), |one| one.module.clone());
        if let Some(kernels) = &self.kernels {
            module.stages = Some(match average {
                Some(average) => kernels.stages(average.stages.iter().cloned())?,
                None => kernels.stages(kernels.all_parameters())?,
            });
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
    pub(super) fn end(&mut self, epoch: Epoch, trained: Trainable, training: &Training) {
        self.epochs.push(epoch.clone());
        (self.steps, self.seconds, self.squares) = (0, 0.0, Squares::default());
        let kept = self.kept.as_ref();
        // Of a run that trains stages too, no epoch is kept in which they did not move.
        let replaces = |kept: &Epoch| {
            kept.epoch <= training.warmup_epochs || replaces(&epoch, kept, training.keep)
        };
        if kept.is_none_or(|(kept, _)| replaces(kept)) {
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

/// Whether nothing is left to be trained after `epochs`: there are as many as the recipe has, or so many
/// of the last ones had no lower validation loss than one before them as its patience has.
pub(super) fn is_over(epochs: &[Epoch], training: &Training) -> bool {
    let losses = epochs.iter().skip(training.warmup_epochs);
    let losses = losses.map(|epoch| epoch.validation.map_or(f64::INFINITY, |one| one.loss));
    // The first of equals.
    let best = losses.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    let waited = best.map_or(0, |(at, _)| epochs.len() - training.warmup_epochs - at - 1);
    epochs.len() >= training.epochs || (training.patience > 0 && waited >= training.patience)
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
