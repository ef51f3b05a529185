//! The frozen prefix on the CPU by minimal filtering: the same weights as [`Backbone`]'s, another
//! way to compute, several times as fast.
//!
//! [`Backbone`]: crate::Backbone

use std::io::Write;
use std::path::Path;

use graft_durable::Hashing;
use graft_onnx_import::{BLOCKS, IMAGE_CHANNELS, KERNEL, weights};
use graft_winograd::{Layer, Stack};

use crate::block_file::BlockFile;
use crate::{Boundary, Error};

/// VGG16 from its input up to a [`Boundary`], frozen, for CPUs.
#[derive(Debug)]
pub struct CpuBackbone {
    stack: Stack,
    boundary: Boundary,
}

impl CpuBackbone {
    /// Names this way to compute, with a number that is raised whenever its results may change.
    pub const ENGINE: &str = "winograd 1";

    /// Reads the blocks up to `boundary` from the weights `folder`, one after the other.
    ///
    /// # Errors
    /// When the folder, its manifest or a file is missing, does not have the hash that the manifest
    /// states, or does not hold exactly the tensors of its block.
    pub fn load(folder: &Path, boundary: Boundary) -> Result<Self, Error> {
        let manifest = weights::read_manifest(folder)?;
        let mut layers = Vec::new();
        let mut channels = IMAGE_CHANNELS;
        for (block, outputs) in Boundary::ALL
            .into_iter()
            .zip(BLOCKS)
            .take(boundary.number())
        {
            let path = folder.join(format!("{block}.safetensors"));
            let bytes = weights::read_block(folder, &manifest, block.number())?;
            let file = BlockFile::read(&path, &bytes)?;
            let mut names = Vec::new();
            for (index, output) in outputs.iter().enumerate() {
                let shape = [*output, channels, KERNEL[0], KERNEL[1]];
                let weight = file.tensor(&weight_name(index), &shape)?;
                let bias = file.tensor(&bias_name(index), &[*output])?;
                let pool = index + 1 == outputs.len();
                layers.push(Layer::new(&weight, &bias, [channels, *output], pool)?);
                names.extend([weight_name(index), bias_name(index)]);
                channels = *output;
            }
            file.only(&names)?;
        }
        Ok(Self {
            stack: Stack::new(layers)?,
            boundary,
        })
    }

    /// The block that the features are taken after.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The features of a batch of images.
    ///
    /// # Shapes
    /// - images: `shape` `[batch, 3, height, width]`, row by row
    /// - features: `[batch, channels, height / 2^n, width / 2^n]` after block n, row by row; see
    ///   [`Boundary::feature_shape`]
    ///
    /// # Errors
    /// When the images have other than three channels, or nothing of them is left at the boundary.
    pub fn features(&self, images: &[f32], shape: [usize; 4]) -> Result<Vec<f32>, Error> {
        let [batch, channels, height, width] = shape;
        if channels != IMAGE_CHANNELS {
            return Err(Error::Channels { found: channels });
        }
        self.boundary.feature_shape(height, width)?;
        Ok(self.stack.run(images, batch, height, width)?)
    }

    /// What every block makes of a batch of images, in one pass: block 1 to the boundary, whose
    /// output are the features.
    ///
    /// # Errors
    /// As [`CpuBackbone::features`].
    pub fn block_outputs(&self, images: &[f32], shape: [usize; 4]) -> Result<Vec<Vec<f32>>, Error> {
        let [batch, channels, height, width] = shape;
        if channels != IMAGE_CHANNELS {
            return Err(Error::Channels { found: channels });
        }
        self.boundary.feature_shape(height, width)?;
        let mut convolutions = 0;
        let ends: Vec<usize> = BLOCKS
            .iter()
            .take(self.boundary.number())
            .map(|block| {
                convolutions += block.len();
                convolutions - 1
            })
            .collect();
        Ok(self.stack.run_to(&ends, images, batch, height, width)?)
    }

    /// The instruction set that the inner loops run in on this machine.
    #[must_use]
    pub fn instructions() -> &'static str {
        graft_winograd::instructions()
    }

    /// How many threads a forward pass uses: as many as the processor runs at once, or as
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

    /// The SHA-256 over name, shape and bytes of every parameter, as it is in memory now: that of
    /// [`Backbone::weights_hash`](crate::Backbone::weights_hash) for the same weights.
    #[must_use]
    pub fn weights_hash(&self) -> String {
        let mut hashing = Hashing::default();
        let mut layers = self.stack.layers().iter();
        for (block, outputs) in Boundary::ALL.into_iter().zip(BLOCKS) {
            for (index, layer) in layers.by_ref().take(outputs.len()).enumerate() {
                let [input, output] = layer.channels();
                let weight = (
                    weight_name(index),
                    vec![output, input, KERNEL[0], KERNEL[1]],
                );
                let bias = (bias_name(index), vec![output]);
                add(
                    &mut hashing,
                    block,
                    &weight,
                    layer.weights().iter().copied(),
                );
                add(&mut hashing, block, &bias, layer.bias());
            }
        }
        hashing.finish()
    }
}

fn weight_name(index: usize) -> String {
    format!("conv2d{}.weight", index + 1)
}

fn bias_name(index: usize) -> String {
    format!("conv2d{}.bias", index + 1)
}

/// Hashes a parameter as `fingerprint` does.
fn add(
    hashing: &mut Hashing,
    block: Boundary,
    (name, shape): &(String, Vec<usize>),
    values: impl Iterator<Item = f32>,
) {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    // Hashing what is in memory cannot fail.
    let _ = hashing.write_all(format!("{block}.{name} F32 {shape:?}\n").as_bytes());
    let _ = hashing.write_all(&bytes);
}
