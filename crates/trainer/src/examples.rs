//! Features with their labels, batch by batch, as a head learns from them and is measured on them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use graft_head::Head;
use graft_report::Evaluation;
use graft_report::record::Predictions;

use crate::Error;
use graft_compute::read;
use graft_features::Features;

/// The most rows in one forward pass where nothing is learned.
const EVALUATION_ROWS: usize = 1000;
/// The most values in one, beyond a single row: 16 MiB.
const EVALUATION_VALUES: usize = 1 << 22;

/// Labelled features.
pub struct Examples<'a> {
    /// The features of all images.
    pub features: &'a Features,
    /// The labels of all images.
    pub labels: &'a [u8],
    /// How many classes there are.
    pub classes: usize,
    /// Where tensors go.
    pub device: &'a Device,
    /// Whether tensors lie in the host's memory, where looking at one costs next to nothing.
    pub host: bool,
}

impl Examples<'_> {
    /// The features `[batch, width]` and labels `[batch]` at some indices.
    ///
    /// # Errors
    /// When a feature is infinite or not a number.
    pub(crate) fn batch(&self, indices: &[usize]) -> Result<(Tensor<2>, Tensor<1, Int>), Error> {
        let targets: Vec<i64> = indices
            .iter()
            .map(|index| i64::from(self.labels[*index]))
            .collect();
        let targets = TensorData::new(targets, [indices.len()]);
        let features = self.rows(indices)?;
        Ok((features, Tensor::from_data(targets, self.device)))
    }

    /// The labels at some indices.
    pub(crate) fn labels(&self, indices: &[usize]) -> Vec<u8> {
        indices.iter().map(|index| self.labels[*index]).collect()
    }

    /// How well `head` does on the images at some indices.
    ///
    /// # Errors
    /// When there are none, or the device fails.
    pub fn evaluate(&self, head: &Head, indices: &[usize]) -> Result<Evaluation, Error> {
        let logits = self.logits(head, indices)?;
        Ok(Evaluation::new(
            &self.labels(indices),
            &logits,
            self.classes,
        )?)
    }

    /// What `head` makes of each of the images at some indices.
    ///
    /// # Errors
    /// When the device fails.
    pub fn predictions(&self, head: &Head, indices: &[usize]) -> Result<Predictions, Error> {
        let (labels, logits) = (self.labels(indices), self.logits(head, indices)?);
        Ok(Predictions::new(indices, &labels, &logits, self.classes)?)
    }

    /// Row by row, one value a class.
    fn logits(&self, head: &Head, indices: &[usize]) -> Result<Vec<f32>, Error> {
        let mut logits = Vec::with_capacity(indices.len() * self.classes);
        let rows = EVALUATION_VALUES / self.features.width().max(1);
        for batch in indices.chunks(rows.clamp(1, EVALUATION_ROWS)) {
            logits.extend(read(head.forward(self.rows(batch)?))?);
        }
        Ok(logits)
    }

    fn rows(&self, indices: &[usize]) -> Result<Tensor<2>, Error> {
        let (rows, width) = (self.features.rows(indices), self.features.width());
        if let Some(place) = rows.iter().position(|value| !value.is_finite()) {
            return Err(Error::Feature {
                image: indices[place / width],
                value: rows[place],
            });
        }
        let rows = TensorData::new(rows, [indices.len(), width]);
        Ok(Tensor::from_data(rows, self.device))
    }
}
