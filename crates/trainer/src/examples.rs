//! Features with their labels, batch by batch.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Error;
use graft_compute::{Backend, ComputeContext, Engine};
use graft_features::Features;

/// Labelled features.
pub struct LabelledFeatures<'a> {
    /// The features of all images.
    pub features: &'a Features,
    /// Views of the images that are trained on.
    pub views: ViewSource<'a>,
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

/// Views of the images that are trained on, which epochs see in turn, beside the images themselves.
#[derive(Clone, Copy)]
pub enum ViewSource<'a> {
    /// Features that were computed.
    Cached {
        /// Which images they are of; the indices ascend.
        indices: &'a [usize],
        /// The features of each view of these images.
        features: &'a [&'a Features],
    },
    /// Features that are computed for every batch.
    OnTheFly(&'a graft_features::Views<'a>),
}

impl Default for ViewSource<'_> {
    /// None.
    fn default() -> Self {
        Self::Cached {
            indices: &[],
            features: &[],
        }
    }
}

impl ViewSource<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Cached { features, .. } => features.len(),
            Self::OnTheFly(views) => views.count,
        }
    }

    /// The features of view `number` (from 1) of the images at some indices.
    fn rows(&self, number: usize, indices: &[usize]) -> Result<Vec<f32>, Error> {
        let (Self::Cached { indices: of, .. }
        | Self::OnTheFly(graft_features::Views { indices: of, .. })) = self;
        let place = |index| of.partition_point(|of| of < index);
        let places: Vec<_> = indices.iter().map(place).collect();
        match self {
            Self::Cached { features, .. } => Ok(features[number - 1].rows(&places)?),
            Self::OnTheFly(views) => Ok(views.rows(number, &places)?),
        }
    }
}

impl<'a> LabelledFeatures<'a> {
    /// Features with the labels of their images, for what `compute` computes with; without views.
    #[must_use]
    pub fn new(
        features: &'a Features,
        labels: &'a [u8],
        classes: usize,
        compute: &'a ComputeContext,
    ) -> Self {
        Self {
            features,
            views: ViewSource::default(),
            labels,
            classes,
            device: &compute.device,
            backend: compute.backend,
            engine: compute.engine,
        }
    }

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

    /// The features at some indices that epoch `epoch`, counted from 1, trains on, row by row: the first
    /// epoch sees the images themselves, the next ones see their views, and then it begins anew.
    ///
    /// # Errors
    /// When they are computed now, and cannot be, or stay in an object store that is out of reach.
    pub(crate) fn of_epoch(&self, epoch: usize, indices: &[usize]) -> Result<Vec<f32>, Error> {
        match epoch.saturating_sub(1) % (self.views.count() + 1) {
            0 => Ok(self.features.rows(indices)?),
            view => self.views.rows(view, indices),
        }
    }

    /// The features `[batch, width]` at some indices.
    ///
    /// # Errors
    /// When the device fails, or features stay in an object store that is out of reach.
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<Tensor<2>, Error> {
        self.tensor(self.features.rows(indices)?)
    }

    /// Features, row by row, as `[batch, width]`.
    ///
    /// # Errors
    /// As [`LabelledFeatures::targets`].
    pub(crate) fn tensor(&self, rows: Vec<f32>) -> Result<Tensor<2>, Error> {
        let width = self.features.width();
        let count = rows.len() / width;
        let rows = TensorData::new(rows, [count, width]);
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
