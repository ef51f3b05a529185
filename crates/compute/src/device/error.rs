//! Why there is no device to compute on, or none to be believed.

use std::path::Path;

use crate::backend::Backend;
use graft_recipe::Precision;

/// Why a device cannot be used. Every message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The binary was built without this backend.
    #[error(
        "this graft was built without the {name} backend (it has: {}); build it with `cargo xtask train --backend {name}` in a checkout",
        names(Backend::COMPILED),
        name = .0.name()
    )]
    NotCompiled(Backend),
    /// The backend is there, but nothing for it to compute on.
    #[error("no device for the {backend} backend was found: {reason}; or use --backend cpu")]
    None {
        /// The backend.
        backend: Backend,
        /// What is missing and how it is had.
        reason: &'static str,
    },
    /// Devices that were looked at, none of which is of use.
    #[error(
        "no device of the {0} backend can be used; what is said of it above tells why, or use --backend cpu"
    )]
    NoneUsable(Backend),
    /// A number beyond the devices that were found.
    #[error("expected --device to be one of the {backend} devices found ({found}), found {asked}")]
    OutOfRange {
        /// The backend.
        backend: Backend,
        /// What was asked for.
        asked: usize,
        /// What was found.
        found: String,
    },
    /// A program that behaves like a card.
    #[error(
        "the {backend} device is {adapter}: it computes on the processor, far slower than --backend cpu does; install the graphics card's driver, or use it all the same with --allow-software"
    )]
    SoftwareOnly {
        /// The backend.
        backend: Backend,
        /// What was found.
        adapter: String,
    },
    /// A device that its driver does not open.
    #[error(
        "cannot open {adapter}: {message}; update its driver, choose another device with --device, or use --backend cpu"
    )]
    Open {
        /// What was to be opened.
        adapter: String,
        /// What the driver or the runtime says.
        message: String,
    },
    /// A precision that the device does not compute in.
    #[error(
        "{adapter} does not compute in {precision}; set backbone.precision to f32, or to one that it has (`graft doctor --device` lists them)"
    )]
    Precision {
        /// The device.
        adapter: String,
        /// What was asked for.
        precision: Precision,
    },
    /// A device that computes something else than the processor does.
    #[error(
        "{adapter} is not to be believed: {operation} differs from the processor's by {difference:.2e} where {allowed:.2e} is allowed; update its driver, or use --backend cpu"
    )]
    Wrong {
        /// The device.
        adapter: String,
        /// What was computed.
        operation: String,
        /// The largest difference, in shares of the largest value.
        difference: f64,
        /// What is allowed.
        allowed: f64,
    },
}

impl DeviceError {
    /// There is no device for `backend`.
    pub(super) fn none(backend: Backend) -> Self {
        let reason = match backend {
            Backend::Cpu => "there is always one",
            Backend::Wgpu => {
                "neither Vulkan, DirectX 12, Metal nor OpenGL has one; install the graphics card's driver and, on Linux, the Vulkan loader (Debian: libvulkan1), until `vulkaninfo` lists the card"
            }
            Backend::Cuda if driver_is_loaded() => {
                "NVIDIA's driver is there but offers no card; see what `nvidia-smi` says, and whether CUDA_VISIBLE_DEVICES hides it"
            }
            Backend::Cuda => {
                "NVIDIA's driver is not there (no /proc/driver/nvidia/version); install it, until `nvidia-smi` lists the card"
            }
        };
        Self::None { backend, reason }
    }
}

/// Whether the kernel has NVIDIA's driver, which can be told without it on Linux only.
fn driver_is_loaded() -> bool {
    !cfg!(target_os = "linux") || Path::new("/proc/driver/nvidia/version").exists()
}

fn names(backends: &[Backend]) -> String {
    backends
        .iter()
        .map(|backend| backend.name())
        .collect::<Vec<_>>()
        .join(", ")
}
