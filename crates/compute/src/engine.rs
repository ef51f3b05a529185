//! How the frozen backbone is computed: our own convolutions on CPUs and NVIDIA GPUs, or Burn's on any device.

use std::fmt;

use clap::ValueEnum;
use graft_backbone::CpuStages;

use crate::Error;
use crate::backend::Backend;

/// The version of Burn that computes features and heads.
pub const BURN: &str = "0.22.1";

/// Our own kernels for tensor cores, with a number that is raised whenever their results may change.
const TENSOR_CORES: &str = "tensor-cores 1";

/// What computes features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Winograd convolutions, for CPUs: several times as fast there
    Winograd,
    /// Convolutions for NVIDIA's tensor cores (compute capability 8.0 or later): several times as fast there
    TensorCores,
    /// Burn's convolutions, for every backend
    Burn,
}

impl Engine {
    /// The engine that was asked for, or the fastest for `backend`, whose device has tensor cores that our
    /// kernels run on, or not.
    ///
    /// # Errors
    /// When the engine does not compute on that backend.
    pub fn choose(
        asked: Option<Self>,
        backend: Backend,
        tensor_cores: bool,
    ) -> Result<Self, Error> {
        match (asked, backend) {
            (None, Backend::Cpu) => Ok(Self::Winograd),
            (None, Backend::Cuda) if tensor_cores => Ok(Self::TensorCores),
            (None, _) => Ok(Self::Burn),
            (Some(Self::Winograd), backend) if backend != Backend::Cpu => {
                Err(Error::EngineNeedsCpu(backend))
            }
            (Some(Self::TensorCores), backend) if !tensor_cores => {
                Err(Error::EngineNeedsTensorCores(backend))
            }
            (Some(asked), _) => Ok(asked),
        }
    }

    /// The code that computes, with its version: part of the cache's key.
    #[must_use]
    pub fn version(self) -> String {
        match self {
            Self::Winograd => CpuStages::ENGINE.to_owned(),
            Self::TensorCores => TENSOR_CORES.to_owned(),
            Self::Burn => format!("burn {BURN}"),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Winograd => "winograd",
            Self::TensorCores => "tensor-cores",
            Self::Burn => "burn",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_that_can() {
        let choose = |asked, backend| Engine::choose(asked, backend, false).ok();
        let cuda = |asked| Engine::choose(asked, Backend::Cuda, true).ok();
        assert_eq!(cuda(None), Some(Engine::TensorCores));
        assert_eq!(cuda(Some(Engine::Burn)), Some(Engine::Burn));
        assert_eq!(choose(Some(Engine::TensorCores), Backend::Cuda), None);
        assert_eq!(choose(None, Backend::Cpu), Some(Engine::Winograd));
        assert_eq!(choose(Some(Engine::Burn), Backend::Cpu), Some(Engine::Burn));
        assert_eq!(choose(None, Backend::Cuda), Some(Engine::Burn));
        let error = Engine::choose(Some(Engine::Winograd), Backend::Wgpu, false)
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
