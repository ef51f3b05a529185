//! What can go wrong between a weights folder, an image and its features.

use std::path::PathBuf;

/// Why a backbone could not be loaded or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A boundary that the network does not have, or images of which nothing is left there.
    #[error(transparent)]
    Network(#[from] graft_network::Error),
    /// Images that are not in three channels.
    #[error(
        "expected images as [batch, 3, height, width], found {found} channels; \
         repeat a grey channel three times"
    )]
    Channels {
        /// How many channels they have.
        found: usize,
    },
    /// The weights folder, its manifest or a file in it is missing, damaged or of another version.
    #[error(transparent)]
    Weights(#[from] graft_onnx_import::Error),
    /// A weights file with a right hash that does not hold exactly the tensors of its stage.
    #[error(
        "{}: expected {expected}, found {found}; \
         delete the weights folder, and it is made anew from the ONNX file",
        file.display()
    )]
    StageFile {
        /// The weights file.
        file: PathBuf,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// The weights of a stage cannot be put into a file.
    #[error("cannot write weights: {0}")]
    Serialize(#[from] safetensors::SafeTensorError),
    /// Images that the CPU's convolutions do not take.
    #[error(transparent)]
    Convolution(#[from] graft_winograd::Error),
    /// The device would not give a parameter back.
    #[error("cannot read `{tensor}` back from the device: {message}")]
    Device {
        /// The parameter.
        tensor: String,
        /// What the device says.
        message: String,
    },
}
