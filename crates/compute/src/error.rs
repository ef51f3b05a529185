//! What can go wrong where something is computed.

use crate::Backend;
use crate::device::Failure;

/// Why nothing could be computed. Messages say what was expected, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A device that cannot be used, or is not to be believed.
    #[error(transparent)]
    Backend(#[from] crate::device::DeviceError),
    /// An engine that computes elsewhere.
    #[error(
        "the winograd engine computes on the CPU only, not on {0}; use --engine burn, or --backend cpu"
    )]
    EngineNeedsCpu(Backend),
    /// An ONNX file that is not VGG16.
    #[error(transparent)]
    Import(#[from] graft_onnx_import::Error),
    /// Weights that cannot be used.
    #[error(transparent)]
    Backbone(#[from] graft_backbone::Error),
    /// A file operation that failed.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// A precision that our own convolutions do not have.
    #[error(
        "the winograd engine computes in f32 only, not in {0}; use --engine burn, or set backbone.precision to f32"
    )]
    PrecisionNeedsBurn(graft_recipe::Precision),
    /// The device did not give its result back.
    #[error("the device failed: {0}; try again, or use --backend cpu")]
    Device(String),
    /// The device ran out of memory.
    #[error(
        "the device has too little memory even for the smallest pass: {0}; use smaller images (preprocessing.size; for bench --sizes and --batches), another device (--device), or --backend cpu"
    )]
    DeviceMemory(String),
    /// The device failed in a way that it recovers from in a new process only.
    #[error(
        "the device failed and is of no use to this process any more: {0}; start the command again, which then takes smaller batches"
    )]
    DeviceLost(String),
    /// The shape of VGG16 changed in one place and not in another.
    #[error(
        "expected {0} weights for a convolution of VGG16, found another number; this is a defect of graft, please report it"
    )]
    Weights(usize),
    /// Output that could not be written or put together.
    #[error("cannot write what is known of the device: {0}")]
    Output(String),
}

impl Error {
    /// Whether weights that cannot be loaded are missing or damaged, rather than the device at fault.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(self, Self::Import(_) | Self::Backbone(_) | Self::File(_))
    }

    /// What a device or the runtime above it says, sorted by what can be done about it.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
    #[must_use]
    pub fn device(message: impl ToString) -> Self {
        let message = message.to_string();
        tracing::debug!("{message}");
        match Failure::of(&message) {
            Failure::Lost(line) => Self::DeviceLost(line),
            Failure::Memory(line) => Self::DeviceMemory(line),
            Failure::Other(line) => Self::Device(line),
        }
    }
}
