//! How the frozen prefix is computed: our own convolutions on CPUs, or Burn's on any device.

use std::fmt;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use clap::ValueEnum;
use graft_backbone::{Backbone, Boundary, CpuBackbone};
use graft_dataset::ImageBatch;

use crate::Error;
use crate::backend::Backend;
use crate::examples::read;

/// The version of Burn that computes features.
const BURN: &str = "0.22.1";

/// What computes features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Minimal filtering, for CPUs: several times as fast there
    Winograd,
    /// Burn's convolutions, for every backend
    Burn,
}

impl Engine {
    /// The engine that was asked for, or the fastest for `backend`.
    ///
    /// # Errors
    /// When the engine does not compute on that backend.
    pub fn choose(asked: Option<Self>, backend: Backend) -> Result<Self, Error> {
        match (asked, backend) {
            (None, Backend::Cpu) => Ok(Self::Winograd),
            (None, _) => Ok(Self::Burn),
            (Some(Self::Winograd), backend) if backend != Backend::Cpu => {
                Err(Error::EngineNeedsCpu(backend))
            }
            (Some(asked), _) => Ok(asked),
        }
    }

    /// What `threads` threads could do if they did nothing but multiply matrices, in 10^9 operations
    /// a second, measured now; known of our own engine only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of threads are small")]
    pub fn gemm_peak_gflops(self, threads: usize) -> Option<f64> {
        match self {
            Self::Winograd => Some(CpuBackbone::gemm_peak_gflops() * threads as f64),
            Self::Burn => None,
        }
    }

    /// The code that computes, with its version: part of the cache's key.
    #[must_use]
    pub fn version(self) -> String {
        match self {
            Self::Winograd => CpuBackbone::ENGINE.to_owned(),
            Self::Burn => format!("burn {BURN}"),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Winograd => "winograd",
            Self::Burn => "burn",
        })
    }
}

/// The frozen prefix, loaded for one of the engines.
pub enum Prefix {
    /// For our own convolutions.
    Winograd(CpuBackbone),
    /// For Burn's.
    Burn(Box<Backbone>),
}

impl Prefix {
    /// Reads the blocks up to `boundary` from the weights `folder`.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of that block.
    pub fn load(
        engine: Engine,
        folder: &Path,
        boundary: Boundary,
        device: &Device,
    ) -> Result<Self, Error> {
        Ok(match engine {
            Engine::Winograd => Self::Winograd(CpuBackbone::load(folder, boundary)?),
            Engine::Burn => Self::Burn(Box::new(Backbone::load(folder, boundary, device)?)),
        })
    }

    /// The engine that it was loaded for.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Winograd(_) => Engine::Winograd,
            Self::Burn(_) => Engine::Burn,
        }
    }

    /// The block that the features are taken after.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        match self {
            Self::Winograd(backbone) => backbone.boundary(),
            Self::Burn(backbone) => backbone.boundary(),
        }
    }

    /// SHA-256 over all parameters as they are in memory now; the same for both engines.
    ///
    /// # Errors
    /// When the device does not give a parameter back.
    pub fn weights_hash(&self) -> Result<String, Error> {
        match self {
            Self::Winograd(backbone) => Ok(backbone.weights_hash()),
            Self::Burn(backbone) => Ok(backbone.weights_hash()?),
        }
    }

    /// How many images of `size` by `size` pixels are best passed at once: as many as keep all
    /// threads busy, and few enough to cost little memory.
    #[must_use]
    pub fn batch(&self, size: usize) -> usize {
        match self {
            Self::Winograd(_) => ((1 << 18) / (size * size)).clamp(1, 256),
            Self::Burn(_) => ((1 << 15) / (size * size)).clamp(1, 32),
        }
    }

    /// One forward pass: what every block makes of a batch, from block 1 to the boundary, each row
    /// by row.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn block_outputs(
        &self,
        images: ImageBatch,
        device: &Device,
    ) -> Result<Vec<Vec<f32>>, Error> {
        match self {
            Self::Winograd(backbone) => Ok(backbone.block_outputs(&images.values, images.shape)?),
            Self::Burn(backbone) => {
                let images =
                    Tensor::<4>::from_data(TensorData::new(images.values, images.shape), device);
                let outputs = backbone.block_outputs(images)?;
                outputs.into_iter().map(read).collect()
            }
        }
    }

    /// One forward pass: the features of a batch, row by row.
    ///
    /// # Errors
    /// When an image is too small, or the device fails.
    pub fn forward(&self, images: ImageBatch, device: &Device) -> Result<Vec<f32>, Error> {
        match self {
            Self::Winograd(backbone) => Ok(backbone.features(&images.values, images.shape)?),
            Self::Burn(backbone) => {
                let images =
                    Tensor::<4>::from_data(TensorData::new(images.values, images.shape), device);
                read(backbone.features(images)?) // [batch, channels, height, width]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_that_can() {
        let choose = |asked, backend| Engine::choose(asked, backend).ok();
        assert_eq!(choose(None, Backend::Cpu), Some(Engine::Winograd));
        assert_eq!(choose(Some(Engine::Burn), Backend::Cpu), Some(Engine::Burn));
        assert_eq!(choose(None, Backend::Cuda), Some(Engine::Burn));
        let error = Engine::choose(Some(Engine::Winograd), Backend::Wgpu)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("wgpu") && error.contains("--engine burn"),
            "{error}"
        );
    }

    #[test]
    fn the_version_is_the_one_that_is_built() {
        let lock = include_str!("../../../Cargo.lock");
        let mut lines = lock.lines().skip_while(|line| *line != "name = \"burn\"");
        assert_eq!(lines.nth(1), Some(format!("version = \"{BURN}\"").as_str()));
    }
}
