//! Which device computes: chosen when the binary is built, turned into a [`Device`] here only.

use std::fmt;

use burn::tensor::Device;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::Error;

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

    /// The device to compute on.
    ///
    /// # Errors
    /// When the backend was not compiled in, or the machine has no device for it.
    pub fn device(self) -> Result<Device, Error> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => self.first(burn::tensor::DeviceType::Wgpu),
            #[cfg(feature = "cuda")]
            Self::Cuda => self.first(burn::tensor::DeviceType::Cuda),
            #[cfg(not(all(feature = "cpu", feature = "wgpu", feature = "cuda")))]
            missing => Err(Error::BackendNotCompiled(missing)),
        }
    }

    /// The first device of a kind. Looking for devices is the one way that does not panic where
    /// there is no driver.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    fn first(self, kind: burn::tensor::DeviceType) -> Result<Device, Error> {
        Device::enumerate(kind)
            .into_vec()
            .into_iter()
            .next()
            .ok_or(Error::NoDevice(self))
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What Burn says when a device does not give its result back.
pub(crate) fn device_error(error: &impl std::fmt::Debug) -> Error {
    Error::Device(format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_works_and_the_rest_says_so() {
        for backend in Backend::value_variants() {
            match backend.device() {
                Ok(_) | Err(Error::NoDevice(_)) => assert!(Backend::COMPILED.contains(backend)),
                Err(error) => {
                    assert!(!Backend::COMPILED.contains(backend), "{error}");
                    let advice = format!("--backend {}", backend.name());
                    assert!(error.to_string().contains(&advice), "{error}");
                }
            }
        }
    }

    #[test]
    fn webgpu_is_another_name() {
        assert_eq!(Backend::from_str("webgpu", true), Ok(Backend::Wgpu));
    }
}
