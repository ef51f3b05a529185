//! What computes: chosen when the binary is built. [`crate::device`] turns it into a device.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::device::guarded;

/// What computes the forward pass, and trains stages; a head alone is trained on the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The CPU
    Cpu,
    /// Any GPU with Vulkan, Metal or DirectX 12
    #[value(alias = "webgpu")]
    Wgpu,
    /// An NVIDIA GPU
    Cuda,
}

impl Backend {
    /// The backends that this binary was built with.
    pub const COMPILED: &[Self] = &[
        #[cfg(feature = "cpu")]
        Self::Cpu,
        #[cfg(feature = "wgpu")]
        Self::Wgpu,
        #[cfg(feature = "cuda")]
        Self::Cuda,
    ];

    /// What computes where nothing was asked for: the first that was compiled in.
    #[must_use]
    pub fn preferred() -> Self {
        Self::COMPILED.first().copied().unwrap_or(Self::Cpu)
    }

    /// The name that the command line and the build know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// Calls into Burn. Where a GPU's runtime panics, that is an error; on the CPU a panic is a
    /// defect of ours and stays one.
    ///
    /// # Errors
    /// When the runtime panics.
    pub fn guarded<T>(self, call: impl FnOnce() -> T) -> Result<T, Error> {
        match self {
            Self::Cpu => Ok(call()),
            Self::Wgpu | Self::Cuda => guarded(call).map_err(Error::device),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn webgpu_is_another_name() {
        assert_eq!(Backend::from_str("webgpu", true), Ok(Backend::Wgpu));
    }

    #[test]
    fn a_panic_is_an_error_of_a_gpu_only() {
        let bug = || panic!("index out of bounds");
        let error = Backend::Wgpu.guarded::<()>(bug).unwrap_err();
        assert!(matches!(error, Error::Device(_)), "{error}");
        assert!(catch_unwind(|| Backend::Cpu.guarded::<()>(bug)).is_err());
    }
}
