//! The frozen stages on the CPU by minimal filtering: the same weights as [`Backbone`]'s, another
//! way to compute, several times as fast.
//!
//! [`Backbone`]: crate::Backbone

use std::path::Path;

use graft_durable::Hashing;
use graft_network::{Boundary, Network, Stage};
use graft_winograd::{Layer, Stack};

use crate::Error;
use crate::backbone::check;
use crate::stage_file::{self, tensors_of};

/// How many values are turned into bytes at a time, to be hashed while they are in the CPU's cache.
const PIECE: usize = 1 << 12;

/// A network from its input up to a [`Boundary`], frozen, for CPUs.
#[derive(Debug)]
pub struct CpuBackbone {
    /// None where the features are the images.
    stack: Option<Stack>,
    network: Network,
    boundary: Boundary,
}

impl CpuBackbone {
    /// Names this way to compute, with a number that is raised whenever its results may change.
    pub const ENGINE: &str = "winograd 1";

    /// Reads the stages up to `boundary` from the weights `folder`, one after the other.
    ///
    /// # Errors
    /// When the network has no such boundary; when the folder, its manifest or a file is missing, does
    /// not have the hash that the manifest states, or does not hold exactly the tensors of its stage.
    pub fn load(folder: &Path, network: Network, boundary: Boundary) -> Result<Self, Error> {
        let mut layers = Vec::new();
        for stage in stage_file::read_folder(folder, network, Boundary::IMAGES..boundary)? {
            let stage = stage?;
            for (index, one) in stage.iter().enumerate() {
                let pool = index + 1 == stage.len();
                layers.push(Layer::new(&one.weight, &one.bias, one.channels, pool)?);
            }
        }
        let stack = (!layers.is_empty()).then(|| Stack::new(layers));
        Ok(Self {
            stack: stack.transpose()?,
            network,
            boundary,
        })
    }

    /// The network that it is the first part of.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// Where the features are taken.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The features of a batch of images.
    ///
    /// # Shapes
    /// - images: `shape` `[batch, 3, height, width]`, row by row
    /// - features: `[batch, channels, height / 2^n, width / 2^n]` after stage n, row by row; see
    ///   [`Network::feature_shape`]
    ///
    /// # Errors
    /// When the images have other than three channels, or nothing of them is left at the boundary.
    pub fn features(&self, images: &[f32], shape: [usize; 4]) -> Result<Vec<f32>, Error> {
        check(self.network, self.boundary, shape)?;
        let [batch, _, height, width] = shape;
        match &self.stack {
            Some(stack) => Ok(stack.run(images, batch, height, width)?),
            None => Ok(images.to_vec()),
        }
    }

    /// What every stage makes of a batch of images, in one pass: the first to the boundary, whose
    /// output are the features.
    ///
    /// # Errors
    /// As [`CpuBackbone::features`].
    pub fn block_outputs(&self, images: &[f32], shape: [usize; 4]) -> Result<Vec<Vec<f32>>, Error> {
        check(self.network, self.boundary, shape)?;
        let [batch, _, height, width] = shape;
        let ends = self.stages().scan(0, |convolutions, stage| {
            *convolutions += stage.outputs.len();
            Some(*convolutions - 1)
        });
        match &self.stack {
            Some(stack) => {
                Ok(stack.run_to(&ends.collect::<Vec<_>>(), images, batch, height, width)?)
            }
            None => Ok(Vec::new()),
        }
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

    /// Each stage with the SHA-256 over name, shape and bytes of its parameters, as they are in memory
    /// now: those of [`Stages::hashes`](crate::Stages::hashes) for the same weights.
    #[must_use]
    pub fn hashes(&self) -> Vec<(Boundary, String)> {
        let mut layers = self.stack.iter().flat_map(Stack::layers);
        let mut hashes = Vec::new();
        for stage in self.stages() {
            let mut hashing = Hashing::default();
            let layers = layers.by_ref().take(stage.outputs.len());
            for (index, layer) in layers.enumerate() {
                let bias: Vec<f32> = layer.bias().collect();
                let tensors = tensors_of(index, layer.channels());
                for ((name, shape), values) in tensors.iter().zip([layer.weights(), &bias]) {
                    let bytes = values.chunks(PIECE).map(bytes);
                    stage_file::hash(&mut hashing, stage.boundary, name, "F32", shape, bytes);
                }
            }
            hashes.push((stage.boundary, hashing.finish()));
        }
        hashes
    }

    fn stages(&self) -> impl Iterator<Item = Stage> {
        self.network.between(Boundary::IMAGES..self.boundary)
    }
}

/// Values as little-endian bytes.
fn bytes(values: &[f32]) -> Vec<u8> {
    let words: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
    words.into_flattened()
}
