//! Norms of gradients over the steps of an epoch: of the head, and of each stage that is trained.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use graft_compute::read;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::stages::TrainedStages;
use crate::trainable::Trainable;

/// The squares of gradients of the epoch under way, before they are clipped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Squares {
    /// The steps that are counted.
    steps: usize,
    /// Their sums: of the head, then stage by stage from the last one.
    sums: Vec<f64>,
}

impl Squares {
    /// Counts a step; of one without squares there is nothing to count.
    pub(super) fn add(&mut self, squares: &[f64]) {
        if squares.is_empty() {
            return;
        }
        self.steps += 1;
        self.sums.resize(squares.len(), 0.0);
        for (sum, square) in self.sums.iter_mut().zip(squares) {
            *sum += square;
        }
    }

    /// The roots of their means, by the names of the parts of `module`.
    #[expect(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
    pub(super) fn norms(&self, module: &Trainable) -> BTreeMap<String, f64> {
        let place = module.stages.as_ref().map(TrainedStages::place);
        let stages = place.map_or(Vec::new(), |(network, range)| {
            let stages = network.between(range);
            stages.map(|stage| stage.boundary.to_string()).collect()
        });
        let names = ["head".to_owned()].into_iter();
        let names = names.chain(stages.into_iter().rev());
        let norm = |sum: &f64| (sum / self.steps as f64).sqrt();
        names.zip(self.sums.iter().map(norm)).collect()
    }
}

/// The sum of the squares of Burn's `gradients` of some parameters of `module`.
pub(super) fn squares(module: &Trainable, gradients: &GradientsParams) -> Result<f64, Error> {
    let mut sum = Sum {
        gradients,
        result: Ok(0.0),
    };
    module.visit(&mut sum);
    sum.result
}

struct Sum<'a> {
    gradients: &'a GradientsParams,
    result: Result<f64, Error>,
}

impl ModuleVisitor for Sum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        if let Ok(sum) = &mut self.result {
            let square = |one: &f32| f64::from(*one).powi(2);
            match read(gradient) {
                Ok(values) => *sum += values.iter().map(square).sum::<f64>(),
                Err(error) => self.result = Err(error.into()),
            }
        }
    }
}
