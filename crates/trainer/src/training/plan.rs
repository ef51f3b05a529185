//! What a step of the training does, by its place in it: learning rates, and which parameters move.

use burn::module::list_param_ids;
use burn::optim::GradientsParams;
use burn::tensor::Gradients;
use graft_recipe::{ClassWeights, Training};

use crate::stages::TrainedStages;
use crate::trainable::Trainable;

/// What one step does.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepPlan<'a> {
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
    /// The share of values that are set to 0 in the head.
    pub(super) dropout: f32,
    /// Decides which.
    pub(super) seed: u64,
    /// How much each class counts in the loss, where they do not count alike.
    pub(super) weights: Option<&'a [f32]>,
}

/// Gradients of parameters that learn at the same rate, with that rate.
pub(super) type Part = (f64, GradientsParams);

impl<'a> StepPlan<'a> {
    /// Step `number` of a training whose epochs have `batches` steps, in which classes count by `weights`.
    pub(super) fn new(
        training: &Training,
        number: usize,
        batches: usize,
        weights: Option<&'a [f32]>,
    ) -> Self {
        Self {
            number,
            of_stages: number.saturating_sub(training.warmup_epochs * batches),
            rate: training.rate(number, training.epochs * batches),
            stage_factor: training.stage_factor,
            smoothing: training.label_smoothing,
            dropout: training.dropout,
            seed: training.seed,
            weights,
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

/// How much each class counts, by the labels of the images that are trained on; classes without any by 1.
pub(super) fn class_weights(
    training: &Training,
    labels: &[u8],
    classes: usize,
) -> Option<Vec<f32>> {
    if training.class_weights == ClassWeights::None {
        return None;
    }
    let mut counts = vec![0_u32; classes];
    for label in labels {
        counts[usize::from(*label)] += 1;
    }
    let (all, seen): (u32, usize) = (
        counts.iter().sum(),
        counts.iter().filter(|count| **count > 0).count(),
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "weights are f32, classes few"
    )]
    let weight = |count: u32| match count {
        0 => 1.0,
        count => (f64::from(all) / (seen as f64 * f64::from(count))) as f32,
    };
    Some(counts.into_iter().map(weight).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_recipe::Recipe;

    #[test]
    fn balanced_classes_count_alike() {
        let mut training = Recipe::default().training;
        let labels = [0, 0, 0, 0, 0, 0, 2, 2];
        assert_eq!(class_weights(&training, &labels, 3), None);
        training.class_weights = ClassWeights::Balanced;
        // 8 / (2 * 6) and 8 / (2 * 2); no image is of class 1.
        let weights = class_weights(&training, &labels, 3).unwrap();
        assert_eq!(weights, [8.0 / 12.0, 1.0, 2.0]);
    }
}
