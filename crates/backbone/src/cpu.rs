//! Stages on the CPU by minimal filtering: the same weights as [`Stages`]', another way to compute,
//! several times as fast.
//!
//! [`Stages`]: crate::Stages

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::TensorData;
use graft_network::{Boundary, Network, Stage};
use graft_winograd::{Layer, Parameters, Stack, TrainableStack};

use crate::Error;
use crate::backbone::check;
use crate::stage_file::{self, Convolution, tensors_of};

/// The stages of a network between two boundaries, for CPUs. They are what they are: training makes
/// others of them ([`CpuStages::trainable`], [`CpuStages::with`]).
///
/// To Burn this is a module without parameters.
#[derive(Module, Debug)]
pub struct CpuStages {
    /// None where there are no stages: what comes in goes out.
    #[module(skip)]
    stack: Option<Arc<Stack>>,
    #[module(skip)]
    network: Network,
    /// The boundary before the first of them.
    #[module(skip)]
    start: Boundary,
    /// The boundary after the last.
    #[module(skip)]
    end: Boundary,
}

impl CpuStages {
    /// Names this way to compute, with a number that is raised whenever its results may change.
    pub const ENGINE: &str = "winograd 1";

    /// Reads the stages between two boundaries from the weights `folder`, one after the other.
    ///
    /// # Errors
    /// When the network has no such boundary; when the folder, its manifest or a file is missing, does
    /// not have the hash that the manifest states, or does not hold exactly the tensors of its stage.
    pub fn load(folder: &Path, network: Network, range: Range<Boundary>) -> Result<Self, Error> {
        let stages = stage_file::read_folder(folder, network, range.clone())?;
        Self::of(network, range, stages)
    }

    /// The stages between two boundaries from the bytes of their files, as
    /// [`Stages::from_files`](crate::Stages::from_files).
    ///
    /// # Errors
    /// Those of `read`, and when a file does not hold exactly the tensors of its stage.
    pub fn from_files<E: From<Error>>(
        folder: &Path,
        network: Network,
        range: Range<Boundary>,
        read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let stages = stage_file::read_files(folder, network, range.clone(), read);
        Self::of(network, range, stages)
    }

    fn of<E: From<Error>>(
        network: Network,
        range: Range<Boundary>,
        read: impl Iterator<Item = Result<Vec<Convolution>, E>>,
    ) -> Result<Self, E> {
        let mut layers = Vec::new();
        for stage in read {
            let stage = stage?;
            for (index, one) in stage.iter().enumerate() {
                let pool = index + 1 == stage.len();
                let layer = Layer::new(&one.weight, &one.bias, one.channels, pool);
                layers.push(layer.map_err(Error::from)?);
            }
        }
        let stack = (!layers.is_empty()).then(|| Stack::new(layers));
        Ok(Self {
            stack: stack.transpose().map_err(Error::from)?.map(Arc::new),
            network,
            start: range.start,
            end: range.end,
        })
    }

    /// The network that they are stages of.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The boundaries before the first and after the last stage.
    #[must_use]
    pub fn range(&self) -> Range<Boundary> {
        self.start..self.end
    }

    /// What the last stage makes of a batch of maps at the first boundary.
    ///
    /// # Shapes
    /// - maps: `shape` `[batch, channels, height, width]`, row by row
    /// - what comes back: the same with the last stage's channels, height and width halved by each
    ///   stage, row by row; see [`Network::feature_shape`]
    ///
    /// # Errors
    /// When the maps have other channels than the first boundary, or nothing of them is left at the last.
    pub fn forward(&self, maps: &[f32], shape: [usize; 4]) -> Result<Vec<f32>, Error> {
        self.check(shape)?;
        let [batch, _, height, width] = shape;
        match &self.stack {
            Some(stack) => Ok(stack.run(maps, batch, height, width)?),
            None => Ok(maps.to_vec()),
        }
    }

    /// Gives back the memory that is kept for the next batch, where nobody else has these stages.
    pub fn release(&mut self) {
        if let Some(stack) = self.stack.as_mut().and_then(Arc::get_mut) {
            stack.release();
        }
    }

    /// What the last stage makes of one map (or image), as soon as possible: it differs from that of
    /// [`CpuStages::forward`] by rounding (see [`Stack::run_alone`]).
    ///
    /// # Shapes
    /// - map: `shape` `[channels, height, width]`, row by row
    /// - what comes back: as [`CpuStages::forward`], without the batch
    ///
    /// # Errors
    /// As [`CpuStages::forward`].
    pub fn forward_alone(&self, map: &[f32], shape: [usize; 3]) -> Result<Vec<f32>, Error> {
        let [channels, height, width] = shape;
        self.check([1, channels, height, width])?;
        match &self.stack {
            Some(stack) => Ok(stack.run_alone(map, height, width)?),
            None => Ok(map.to_vec()),
        }
    }

    /// What every stage makes of a batch of maps at the first boundary, in one pass, first to last.
    ///
    /// # Errors
    /// As [`CpuStages::forward`].
    pub fn outputs(&self, maps: &[f32], shape: [usize; 4]) -> Result<Vec<Vec<f32>>, Error> {
        self.check(shape)?;
        let [batch, _, height, width] = shape;
        let ends = self.stages().scan(0, |convolutions, stage| {
            *convolutions += stage.outputs.len();
            Some(*convolutions - 1)
        });
        match &self.stack {
            Some(stack) => {
                Ok(stack.run_to(&ends.collect::<Vec<_>>(), maps, batch, height, width)?)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Images are refused in the network's words, maps in those of the convolutions.
    fn check(&self, shape: [usize; 4]) -> Result<(), Error> {
        if self.start == Boundary::IMAGES {
            return check(self.network, self.end, shape);
        }
        Ok(())
    }

    /// The same convolutions, to be trained.
    ///
    /// # Errors
    /// When there are no stages.
    pub fn trainable(&self) -> Result<TrainableStack, Error> {
        Ok(TrainableStack::new(self.layers_with(self.parameters())?)?)
    }

    /// Weights and bias of every convolution, first to last.
    pub fn parameters(&self) -> impl Iterator<Item = Parameters> {
        let layers = self.layers().iter();
        layers.map(|layer| Parameters {
            weights: layer.weights().to_vec(),
            bias: layer.bias().collect(),
        })
    }

    /// The same stages with other weights and biases, one for every convolution.
    ///
    /// # Errors
    /// When one is not of its convolution's size.
    pub fn with(&self, parameters: impl IntoIterator<Item = Parameters>) -> Result<Self, Error> {
        let stack = Stack::new(self.layers_with(parameters)?)?;
        Ok(Self {
            stack: Some(Arc::new(stack)),
            ..self.clone()
        })
    }

    /// The instruction set that the inner loops run in on this machine.
    #[must_use]
    pub fn instructions() -> &'static str {
        graft_winograd::instructions()
    }

    /// How many threads a forward pass uses: as many as the CPU runs at once, or as
    /// `RAYON_NUM_THREADS` says.
    #[must_use]
    pub fn threads() -> usize {
        graft_winograd::threads()
    }

    /// What one core does if it does nothing but multiply matrices in its cache, in 10^9 operations a
    /// second, measured now.
    #[must_use]
    pub fn gemm_peak_gflops() -> f64 {
        graft_winograd::peak_gflops()
    }

    /// The weights file of every stage, by its name.
    ///
    /// # Errors
    /// When the values cannot be put into a file.
    pub fn to_files(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut files = Vec::new();
        for (stage, layers) in self.by_stage() {
            let mut tensors = Vec::new();
            for (index, layer) in layers.iter().enumerate() {
                let names = tensors_of(index, layer.channels());
                let values = [layer.weights().to_vec(), layer.bias().collect()];
                for ((name, shape), values) in names.into_iter().zip(values) {
                    tensors.push((name, TensorData::new(values, shape)));
                }
            }
            files.push((
                stage_file::name(stage.boundary),
                stage_file::write(&tensors)?,
            ));
        }
        Ok(files)
    }

    /// Each stage with the SHA-256 over name, shape and bytes of its parameters, as they are in memory
    /// now: those of [`Stages::hashes`](crate::Stages::hashes) for the same weights.
    #[must_use]
    pub fn hashes(&self) -> Vec<(Boundary, String)> {
        let hash = |(stage, layers): (Stage, &[Layer])| {
            let all = layers.iter();
            let all = all.map(|one| (one.channels(), one.weights(), one.bias().collect()));
            (stage.boundary, stage_file::hash_stage(stage.boundary, all))
        };
        self.by_stage().map(hash).collect()
    }

    fn layers_with(
        &self,
        parameters: impl IntoIterator<Item = Parameters>,
    ) -> Result<Vec<Layer>, Error> {
        let layers = self.layers().iter().zip(parameters);
        let layers = layers.map(|(layer, Parameters { weights, bias })| {
            Layer::new(&weights, &bias, layer.channels(), layer.has_pool())
        });
        Ok(layers.collect::<Result<_, _>>()?)
    }

    fn layers(&self) -> &[Layer] {
        self.stack.as_ref().map_or(&[], |stack| stack.layers())
    }

    fn stages(&self) -> impl Iterator<Item = Stage> {
        self.network.between(self.range())
    }

    /// Each stage with its layers.
    fn by_stage(&self) -> impl Iterator<Item = (Stage, &[Layer])> {
        self.stages().scan(self.layers(), |left, stage| {
            let (layers, rest) = left.split_at_checked(stage.outputs.len())?;
            *left = rest;
            Some((stage, layers))
        })
    }
}
