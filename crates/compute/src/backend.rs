//! What computes: chosen when the binary is built. [`crate::device`] turns it into a device.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What computes the forward pass and trains the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The processor, with Burn's Flex backend.
    Cpu,
    /// Any graphics card with Vulkan, Metal or DirectX 12.
    #[value(alias = "webgpu")]
    Wgpu,
    /// An NVIDIA card.
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
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webgpu_is_another_name() {
        assert_eq!(Backend::from_str("webgpu", true), Ok(Backend::Wgpu));
    }
}
