//! What can go wrong where something is computed.

use graft_recipe::Precision;

use crate::Backend;

/// Why nothing could be computed. Messages say what was expected, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The binary was built without this backend.
    #[error(
        "this graft was built without the {name} backend (it has: {}); build it with `cargo xtask train --backend {name}` in a checkout",
        Backend::COMPILED.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", "),
        name = .0.name()
    )]
    NotCompiled(Backend),
    /// The backend is there, but nothing for it to compute on.
    #[error("no device for the {backend} backend was found: {reason}; or use --backend cpu")]
    NoDevice {
        /// The backend.
        backend: Backend,
        /// What is missing and how to get it.
        reason: &'static str,
    },
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
    /// A software renderer.
    #[error(
        "the {backend} device {adapter} is a software renderer: it computes on the CPU, far slower than --backend cpu; install the GPU's driver, or use it all the same with --allow-software"
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
    /// NVIDIA's mathematical functions are not where the runtime looks for them.
    #[error(
        "Burn's kernels, which train blocks on an NVIDIA GPU, need NVIDIA's libdevice.10.bc: expected it in {0}; install the CUDA toolkit, or `pip install nvidia-nvvm`, and set CUDA_PATH to the folder that has nvvm/libdevice (pip's is site-packages/nvidia/cu13); or use --backend cpu"
    )]
    Libdevice(String),
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
    /// A device whose results differ from the CPU's.
    #[error(
        "{adapter} failed verification: {operation} differs from the CPU's result by {difference:.2e}, and {allowed:.2e} is allowed; update its driver, or use {instead}"
    )]
    Verification {
        /// The device.
        adapter: String,
        /// What was computed.
        operation: String,
        /// The difference, as a fraction of the values.
        difference: f64,
        /// What is allowed.
        allowed: f64,
        /// Options that use something else.
        instead: &'static str,
    },
    /// An engine that computes elsewhere.
    #[error(
        "the winograd engine computes on the CPU only, not on {0}; use --engine burn, or --backend cpu"
    )]
    EngineNeedsCpu(Backend),
    /// An engine for some NVIDIA GPUs.
    #[error(
        "the tensor-cores engine computes on NVIDIA GPUs of compute capability 8.0 or later, with --backend cuda, not on this device of the {0} backend; use --engine burn"
    )]
    EngineNeedsTensorCores(Backend),
    /// A precision that our own convolutions do not have.
    #[error(
        "the winograd engine computes in f32 only, not in {0}; use --engine burn, or set backbone.precision to f32"
    )]
    PrecisionNeedsBurn(Precision),
    /// The device did not give its result back.
    #[error("the device failed: {0}; try again, or use --backend cpu")]
    Device(String),
    /// The device ran out of memory.
    #[error(
        "the device has too little memory even for the smallest batch: {0}; use smaller images (preprocessing.size; for bench --sizes and --batches), another device (--device), or --backend cpu"
    )]
    DeviceMemory(String),
    /// The device failed in a way that it recovers from in a new process only.
    #[error(
        "the device failed, and this process cannot use it any more: {0}; give the same command again (finished features are kept), or use --backend cpu"
    )]
    DeviceLost(String),
    /// Our own kernels for NVIDIA's GPUs: what they do not take, or weights that changed there.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Cuda(graft_cuda::Error),
    /// Weights that cannot be read.
    #[error(transparent)]
    Import(#[from] graft_onnx_import::Error),
    /// Weights that cannot be used.
    #[error(transparent)]
    Backbone(#[from] graft_backbone::Error),
    /// An image that is too small for the network.
    #[error(transparent)]
    Network(#[from] graft_network::Error),
    /// A file operation that failed.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// The shape of a network changed in one place and not in another.
    #[error(
        "expected {0} weights for a convolution, found another number; this is a defect of graft, please report it"
    )]
    Weights(usize),
    /// A device profile that cannot be put together.
    #[error("cannot write the result of the device's verification: {0}")]
    Profile(String),
}

impl Error {
    /// Whether the device failed in a way that may pass: in a new process, or on another machine.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Device(_) | Self::DeviceMemory(_) | Self::DeviceLost(_)
        )
    }

    /// Whether weights that cannot be loaded are missing or damaged, rather than the device at fault.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(self, Self::Import(_) | Self::Backbone(_) | Self::File(_))
    }
}

#[cfg(feature = "cuda")]
impl From<graft_cuda::Error> for Error {
    fn from(error: graft_cuda::Error) -> Self {
        match error {
            graft_cuda::Error::Backbone(error) => error.into(),
            graft_cuda::Error::Network(error) => error.into(),
            error if error.is_final() => Self::DeviceLost(error.to_string()),
            graft_cuda::Error::Driver(_) => Self::device(error),
            other => Self::Cuda(other),
        }
    }
}
