//! Nearest neighbours: what trained heads are compared with.

use burn::tensor::Tensor;
use graft_compute::read;
use graft_report::record::Predictions;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;

/// Logits are cosines times this; it changes no class.
const SCALE: f32 = 30.0;
/// Images that are classified at a time, and images that they are compared with at a time.
const ROWS: [usize; 2] = [2500, 500];
/// Features of length 0 are divided by this, and stay 0.
const SMALLEST_LENGTH: f32 = 1e-12;

impl Trainable {
    /// Predictions of the images of `data` at some indices without any training: the logit of a class is the largest
    /// cosine between an image's normalised features and those of an image of that class among `train` of `learned`,
    /// as any of the first so many epochs sees it.
    ///
    /// # Errors
    /// When the device fails.
    pub fn nearest(
        &self,
        (learned, train, epochs): (&LabelledFeatures, &[usize], usize),
        data: &LabelledFeatures,
        indices: &[usize],
    ) -> Result<Predictions, Error> {
        let mut logits = Vec::with_capacity(indices.len() * data.classes);
        let [at_once, compared] = ROWS;
        for some in indices.chunks(at_once) {
            let images = self.directions(data, data.rows(some)?)?;
            let mut best = vec![-1.0_f32; some.len() * data.classes];
            for epoch in 1..=epochs {
                for batch in train.chunks(compared) {
                    let rows = learned.tensor(learned.of_epoch(epoch, batch)?)?;
                    let rows = self.directions(learned, rows)?;
                    let product = || read(images.clone().matmul(rows.transpose()));
                    let cosines = data.run(product)??; // [some, batch]
                    let labels = learned.labels(batch);
                    let cosines = cosines.chunks_exact(batch.len());
                    for (cosines, best) in cosines.zip(best.chunks_exact_mut(data.classes)) {
                        for (cosine, label) in cosines.iter().zip(&labels) {
                            let best = &mut best[usize::from(*label)];
                            *best = best.max(*cosine);
                        }
                    }
                }
            }
            logits.extend(best.into_iter().map(|cosine| cosine * SCALE));
        }
        let labels = data.labels(indices);
        Ok(Predictions::new(indices, &labels, &logits, data.classes)?)
    }

    /// Features as the head normalises them, of length 1.
    fn directions(&self, data: &LabelledFeatures, rows: Tensor<2>) -> Result<Tensor<2>, Error> {
        data.run(|| {
            let rows = self.head.normalised(rows);
            let squares = rows.clone() * rows.clone();
            let lengths = squares.sum_dim(1).sqrt().clamp_min(SMALLEST_LENGTH); // [rows, 1]
            rows / lengths
        })
    }
}
