//! What lies behind the cut: one module for one training loop.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use graft_head::{Head, HeadConfig, Statistics};
use graft_report::Evaluation;
use graft_report::record::{HEAD, Predictions};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::run::Run;
use graft_compute::read;
use graft_recipe::Recipe;

/// The most rows in one forward pass where nothing is learned.
const EVALUATION_ROWS: usize = 1000;
/// The most values in one, beyond a single row: 16 MiB.
const EVALUATION_VALUES: usize = 1 << 22;

/// Everything that learns.
#[derive(Module, Debug)]
pub struct Trainable {
    /// Features to logits.
    pub head: Head,
}

impl Trainable {
    /// Before the first step, on the device of `data`, with gradients: a head as `recipe` has it, whose
    /// statistics are those of the images `train`.
    ///
    /// # Errors
    /// When a feature is infinite or not a number, or the device fails.
    pub fn new(recipe: &Recipe, data: &LabelledFeatures, train: &[usize]) -> Result<Self, Error> {
        let width = data.features.width();
        let rows = train.iter().map(|index| data.features.rows(&[*index]));
        let config = HeadConfig {
            features: width,
            classes: recipe.data.classes,
            seed: recipe.training.seed,
            statistics: recipe.head.standardise.then(|| Statistics::of(rows, width)),
        };
        let device = data.device.clone().autodiff();
        Ok(Self {
            head: data.run(|| config.init(&device))?,
        })
    }

    /// The module that a complete run kept, without gradients.
    ///
    /// # Errors
    /// When a file is missing or not the one that was written.
    pub fn of_run(run: &Run, device: &Device) -> Result<Self, Error> {
        let head = Head::from_bytes(&run.file(HEAD)?, device);
        let path = run.folder().join(HEAD);
        Ok(Self {
            head: head.map_err(|source| Error::Head { path, source })?,
        })
    }

    /// The logits of a batch of features.
    ///
    /// # Shapes
    /// - features: `[batch, width]`
    /// - logits: `[batch, classes]`
    #[must_use]
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        self.head.forward(features)
    }

    /// How well it does on the images of `data` at some indices.
    ///
    /// # Errors
    /// When there are none, or the device fails.
    pub fn evaluate(
        &self,
        data: &LabelledFeatures,
        indices: &[usize],
    ) -> Result<Evaluation, Error> {
        let logits = self.logits(data, indices)?;
        Ok(Evaluation::new(
            &data.labels(indices),
            &logits,
            data.classes,
        )?)
    }

    /// What it makes of each of the images of `data` at some indices.
    ///
    /// # Errors
    /// When the device fails.
    pub fn predictions(
        &self,
        data: &LabelledFeatures,
        indices: &[usize],
    ) -> Result<Predictions, Error> {
        let (labels, logits) = (data.labels(indices), self.logits(data, indices)?);
        Ok(Predictions::new(indices, &labels, &logits, data.classes)?)
    }

    /// Row by row, one value a class.
    fn logits(&self, data: &LabelledFeatures, indices: &[usize]) -> Result<Vec<f32>, Error> {
        let mut logits = Vec::with_capacity(indices.len() * data.classes);
        let rows = EVALUATION_VALUES / data.features.width().max(1);
        for batch in indices.chunks(rows.clamp(1, EVALUATION_ROWS)) {
            let features = data.rows(batch)?;
            logits.extend(data.run(|| read(self.forward(features)))??);
        }
        Ok(logits)
    }
}
