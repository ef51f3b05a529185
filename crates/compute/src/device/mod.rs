//! The one place that turns a backend into a device, or says why there is none.
//!
//! Nothing here panics where a driver is missing: devices are looked for before one is opened, and
//! what the runtime below does panic with is caught and told as an error.

mod adapter;
mod choose;
#[cfg(feature = "cuda")]
mod cuda;
mod failure;
mod fault;
mod guard;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod kernels;
mod profile;
#[cfg(feature = "wgpu")]
mod wgpu;

use std::path::Path;

use burn::tensor::{Device, FloatDType};
use graft_recipe::Precision;

pub use adapter::{Adapter, Kind};
pub use choose::{Wanted, choose};
pub(crate) use fault::refusal;
pub use guard::guarded;
pub use profile::DeviceProfile;

use crate::Error;
use crate::backend::Backend;

/// Where NVIDIA's driver says which one it is, on Linux.
const NVIDIA: &str = "/proc/driver/nvidia/version";

/// How much a device takes, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// The most that one tensor may have; none where only the memory limits it.
    pub largest_tensor: Option<u64>,
    /// All of its memory, where its driver tells.
    pub memory: Option<u64>,
}

/// An open device, and what it says of itself.
type Opened = (Device, Adapter, Limits);

/// All devices of a backend, in the order in which `--device` counts them. None is opened.
///
/// # Errors
/// When the backend was not compiled in.
pub fn list(backend: Backend) -> Result<Vec<Adapter>, Error> {
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => Ok(vec![Adapter::cpu()]),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => Ok(wgpu::find()
            .into_iter()
            .map(|found| found.adapter)
            .collect()),
        #[cfg(feature = "cuda")]
        Backend::Cuda => Ok(cuda::find()),
        #[cfg(not(all(feature = "cpu", feature = "wgpu", feature = "cuda")))]
        missing => Err(Error::NotCompiled(missing)),
    }
}

/// Opens the device of a backend that is wanted. Kernels that were tuned for it before are read from
/// the folder `kernels`, and new ones kept there.
///
/// # Errors
/// When the backend was not compiled in, there is no device or no such device, there is only a
/// software renderer and that is not allowed, or the driver refuses.
pub(crate) fn open(
    backend: Backend,
    wanted: Wanted,
    kernels: &Path,
) -> Result<(usize, Opened), Error> {
    let adapters = list(backend)?;
    let chosen = choose(backend, &adapters, wanted)?;
    let opened = match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => {
            let _ = kernels;
            Ok((Device::flex(), Adapter::cpu(), Limits::default()))
        }
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => wgpu::open(&adapters[chosen], chosen, kernels),
        #[cfg(feature = "cuda")]
        Backend::Cuda => cuda::open(&adapters[chosen], chosen, kernels),
        #[cfg(not(all(feature = "cpu", feature = "wgpu", feature = "cuda")))]
        missing => Err(Error::NotCompiled(missing)),
    };
    Ok((chosen, opened?))
}

/// Makes sure that what Burn compiles its kernels with is there, before any work.
///
/// # Errors
/// When something is missing.
#[cfg_attr(
    not(feature = "cuda"),
    expect(clippy::unnecessary_wraps, reason = "CUDA's may be missing")
)]
pub(crate) fn check_libraries(backend: Backend) -> Result<(), Error> {
    match backend {
        #[cfg(feature = "cuda")]
        Backend::Cuda => cuda::check_libraries(),
        _ => Ok(()),
    }
}

/// Whether our own kernels run on the device of that number.
///
/// # Errors
/// When the driver does not tell.
#[cfg_attr(
    not(feature = "cuda"),
    expect(clippy::unnecessary_wraps, reason = "NVIDIA's driver may fail")
)]
pub(crate) fn has_tensor_cores(backend: Backend, number: usize) -> Result<bool, Error> {
    match backend {
        #[cfg(feature = "cuda")]
        Backend::Cuda => Ok(backend.guarded(|| graft_cuda::supports(number))??),
        _ => {
            let _ = number;
            Ok(false)
        }
    }
}

/// What an open device of `CubeCL`'s says of itself. Opens it where it is not yet.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn opened(device: cubecl::Device, adapter: &Adapter) -> Result<Opened, Error> {
    let open = || {
        let client = device.client();
        let properties = client.properties();
        let adapter = Adapter {
            name: properties.identity.name.clone(),
            ..adapter.clone()
        };
        let limits = Limits {
            largest_tensor: Some(properties.memory.max_page_size),
            memory: properties.memory.max_memory(),
        };
        (Device::from(device), adapter, limits)
    };
    guarded(open).map_err(|message| refused(adapter, &message))
}

/// The device cannot be opened.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn refused(adapter: &Adapter, message: &str) -> Error {
    Error::Open {
        adapter: adapter.to_string(),
        message: failure::summary(message),
    }
}

/// What Burn calls a precision.
#[must_use]
pub fn float_dtype(precision: Precision) -> FloatDType {
    match precision {
        Precision::F32 => FloatDType::F32,
        Precision::F16 => FloatDType::F16,
        Precision::Bf16 => FloatDType::BF16,
    }
}

/// Those that a device says it computes in.
#[must_use]
pub fn precisions(device: &Device) -> Vec<Precision> {
    let computes = |precision: &Precision| device.supports_dtype(float_dtype(*precision));
    Precision::ALL.into_iter().filter(computes).collect()
}
