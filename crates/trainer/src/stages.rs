//! The stages behind the cut, for one of the engines.

use std::ops::Range;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use graft_backbone::{CpuStages, Error, Stages};
use graft_compute::{Engine, read};
use graft_network::{Boundary, Network};

use crate::Error as TrainerError;

/// The stages behind the cut, for one of the engines.
#[derive(Module, Debug)]
pub enum TrainedStages {
    /// For our own convolutions. They keep what they were made with; a training has its own copy.
    Winograd(CpuStages),
    /// For Burn's, whose parameters are the module's.
    Burn(Stages),
}

impl TrainedStages {
    /// Reads the stages between two boundaries from a weights folder.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of its stage.
    pub(crate) fn load(
        engine: Engine,
        folder: &Path,
        network: Network,
        range: Range<Boundary>,
        device: &Device,
    ) -> Result<Self, Error> {
        Ok(match engine {
            Engine::Winograd => Self::Winograd(CpuStages::load(folder, network, range)?),
            Engine::TensorCores | Engine::Burn => {
                Self::Burn(Stages::load(folder, network, range, device)?)
            }
        })
    }

    /// The stages between two boundaries from the bytes of their files, which `read` gives.
    ///
    /// # Errors
    /// Those of `read`, and when a file does not hold exactly the tensors of its stage.
    pub(crate) fn from_files<E: From<Error>>(
        engine: Engine,
        folder: &Path,
        network: Network,
        range: Range<Boundary>,
        device: &Device,
        read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        Ok(match engine {
            Engine::Winograd => {
                Self::Winograd(CpuStages::from_files(folder, network, range, read)?)
            }
            Engine::TensorCores | Engine::Burn => {
                Self::Burn(Stages::from_files(folder, network, range, device, read)?)
            }
        })
    }

    /// What the last stage makes of maps at the cut.
    ///
    /// # Shapes
    /// - maps: `[batch, channels, height, width]`
    /// - features: `[batch, channels * height * width]` at the boundary
    ///
    /// # Errors
    /// When the device does not give the maps to the engine for CPUs, or nothing is left of them.
    pub(crate) fn forward(&self, maps: Tensor<4>) -> Result<Tensor<2>, TrainerError> {
        match self {
            Self::Winograd(stages) => {
                let (shape, device) = (maps.dims(), maps.device());
                let features = stages.forward(&read(maps)?, shape)?;
                let shape = [shape[0], features.len() / shape[0]];
                Ok(Tensor::from_data(TensorData::new(features, shape), &device))
            }
            Self::Burn(stages) => Ok(stages.forward(maps).flatten(1, 3)),
        }
    }

    /// As [`Stages::network`] and [`Stages::range`].
    pub(crate) fn place(&self) -> (Network, Range<Boundary>) {
        match self {
            Self::Winograd(stages) => (stages.network(), stages.range()),
            Self::Burn(stages) => (stages.network(), stages.range()),
        }
    }

    /// As [`Stages::to_files`].
    pub(crate) fn to_files(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        match self {
            Self::Winograd(stages) => stages.to_files(),
            Self::Burn(stages) => stages.to_files(),
        }
    }

    /// As [`Stages::hashes`].
    pub(crate) fn hashes(&self) -> Result<Vec<(Boundary, String)>, Error> {
        match self {
            Self::Winograd(stages) => Ok(stages.hashes()),
            Self::Burn(stages) => stages.hashes(),
        }
    }
}
