//! What a step of the training does, by its place in it: learning rates, and which parameters move.

use burn::module::list_param_ids;
use burn::optim::GradientsParams;
use burn::tensor::Gradients;
use graft_recipe::Training;

use crate::stages::TrainedStages;
use crate::trainable::Trainable;

/// What one step does.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepPlan {
    /// Its number, counted from 1.
    pub(super) number: usize,
    /// Its number among the steps that move stages; 0 where the head alone learns.
    pub(super) of_stages: usize,
    /// The learning rate of the head.
    pub(super) rate: f64,
    /// The learning rate of a stage over that of the stage behind it, or of the head.
    pub(super) stage_factor: f64,
    /// The share of a label that is spread over all classes.
    pub(super) smoothing: f32,
}

/// Gradients of parameters that learn at the same rate, with that rate.
pub(super) type Part = (f64, GradientsParams);

impl StepPlan {
    /// Step `number` of a training whose epochs have `batches` steps.
    pub(super) fn new(training: &Training, number: usize, batches: usize) -> Self {
        Self {
            number,
            of_stages: number.saturating_sub(training.warmup_epochs * batches),
            rate: training.rate(number, training.epochs * batches),
            stage_factor: training.stage_factor,
            smoothing: training.label_smoothing,
        }
    }

    /// The gradients of Burn's parameters that this step moves: those of the head, then stage by stage.
    pub(super) fn parts(&self, module: &Trainable, mut gradients: Gradients) -> Vec<Part> {
        let mut part = |rate, parameters: &[_]| {
            let gradients = GradientsParams::from_params(&mut gradients, module, parameters);
            (rate, gradients)
        };
        let mut parts = vec![part(self.rate, &list_param_ids(&module.head))];
        if let (Some(TrainedStages::Burn(stages)), 1..) = (&module.stages, self.of_stages) {
            for (at, parameters) in stages.parameters().iter().rev().enumerate() {
                let rate = self.rate * stage_factor(self.stage_factor, at + 1);
                parts.push(part(rate, parameters));
            }
        }
        parts
    }
}

/// The learning rate of a stage over that of the head, from which it is so many stages away (the last
/// stage 1).
pub(super) fn stage_factor(factor: f64, distance: usize) -> f64 {
    factor.powi(i32::try_from(distance).unwrap_or(i32::MAX))
}
