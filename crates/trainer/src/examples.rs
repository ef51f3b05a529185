//! Features with their labels, batch by batch.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Error;
use graft_compute::{Backend, Engine};
use graft_features::Features;

/// Labelled features.
pub struct LabelledFeatures<'a> {
    /// The features of all images.
    pub features: &'a Features,
    /// The labels of all images.
    pub labels: &'a [u8],
    /// How many classes there are.
    pub classes: usize,
    /// Where tensors go.
    pub device: &'a Device,
    /// What computes.
    pub backend: Backend,
    /// The code for stages that are trained.
    pub engine: Engine,
}

impl LabelledFeatures<'_> {
    /// The labels `[batch]` at some indices.
    ///
    /// # Errors
    /// When the device fails.
    pub(crate) fn targets(&self, indices: &[usize]) -> Result<Tensor<1, Int>, Error> {
        let targets: Vec<i64> = indices
            .iter()
            .map(|index| i64::from(self.labels[*index]))
            .collect();
        let targets = TensorData::new(targets, [indices.len()]);
        self.run(|| Tensor::from_data(targets, self.device))
    }

    /// The labels at some indices.
    pub(crate) fn labels(&self, indices: &[usize]) -> Vec<u8> {
        indices.iter().map(|index| self.labels[*index]).collect()
    }

    /// The features `[batch, width]` at some indices.
    ///
    /// # Errors
    /// As [`LabelledFeatures::targets`].
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<Tensor<2>, Error> {
        let (rows, width) = (self.features.rows(indices), self.features.width());
        let rows = TensorData::new(rows, [indices.len(), width]);
        self.run(|| Tensor::from_data(rows, self.device))
    }

    /// Whether tensors lie in the host's memory, where looking at one costs next to nothing.
    pub(crate) fn in_memory(&self) -> bool {
        self.backend == Backend::Cpu
    }

    /// Calls into Burn; see [`Backend::guarded`].
    ///
    /// # Errors
    /// When the runtime panics.
    pub(crate) fn run<T>(&self, call: impl FnOnce() -> T) -> Result<T, Error> {
        Ok(self.backend.guarded(call)?)
    }
}
