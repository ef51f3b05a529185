//! The one place that turns a backend into a device, or says why there is none.
//!
//! Nothing here panics where a driver is missing: devices are looked for before one is opened, and
//! what the runtime below does panic with is caught and told as an error.

mod adapter;
mod choose;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
mod failure;
mod guard;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod kernels;
mod known;
mod precision;
mod room;
#[cfg(feature = "wgpu")]
mod wgpu;

use std::path::Path;

use burn::tensor::Device;

pub use adapter::{Adapter, Kind};
pub use choose::{Wanted, choose};
pub use error::DeviceError;
pub use known::{Known, Passed};
pub(crate) use precision::check_precision;
pub use precision::{float_dtype, precisions};

pub use failure::Failure;
pub use guard::guarded;
pub(crate) use room::refusal;

use crate::backend::Backend;

/// An open device, and what it says of itself.
#[derive(Debug)]
pub struct Opened {
    /// Where tensors go.
    pub device: Device,
    /// What computes.
    pub adapter: Adapter,
    /// The most bytes that one tensor may have; none where only the memory limits it.
    pub largest_tensor: Option<u64>,
    /// All of its memory in bytes, where the driver tells.
    pub memory: Option<u64>,
}

/// All devices of a backend, in the order in which `--device` counts them. None is opened.
///
/// # Errors
/// When the backend was not compiled in.
pub fn list(backend: Backend) -> Result<Vec<Adapter>, DeviceError> {
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => Ok(vec![Adapter::processor()]),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => Ok(wgpu::find()
            .into_iter()
            .map(|found| found.adapter)
            .collect()),
        #[cfg(feature = "cuda")]
        Backend::Cuda => Ok(cuda::find()),
        #[cfg(not(all(feature = "cpu", feature = "wgpu", feature = "cuda")))]
        missing => Err(DeviceError::NotCompiled(missing)),
    }
}

/// Opens the device of a backend that is wanted. Kernels that were tuned for it before are read from
/// the folder `kernels`, and new ones kept there.
///
/// # Errors
/// When the backend was not compiled in, there is no device or no such device, only software would
/// compute and that is not allowed, or the driver refuses.
pub fn open(backend: Backend, wanted: Wanted, kernels: &Path) -> Result<Opened, DeviceError> {
    let adapters = list(backend)?;
    let chosen = choose(backend, &adapters, wanted)?;
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => {
            let _ = (chosen, kernels);
            Ok(Opened {
                device: Device::flex(),
                adapter: Adapter::processor(),
                largest_tensor: None,
                memory: None,
            })
        }
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => wgpu::open(&adapters[chosen], chosen, kernels),
        #[cfg(feature = "cuda")]
        Backend::Cuda => cuda::open(&adapters[chosen], chosen, kernels),
        #[cfg(not(all(feature = "cpu", feature = "wgpu", feature = "cuda")))]
        missing => Err(DeviceError::NotCompiled(missing)),
    }
}

/// What an open device of `CubeCL`'s says of itself. Opens it where it is not yet, and panics where
/// that fails.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn opened(device: cubecl::Device, adapter: Adapter) -> Opened {
    let client = device.client();
    let properties = client.properties();
    Opened {
        adapter: Adapter {
            name: properties.identity.name.clone(),
            ..adapter
        },
        largest_tensor: Some(properties.memory.max_page_size),
        memory: properties.memory.max_memory(),
        device: Device::from(device),
    }
}
