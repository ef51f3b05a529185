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
    /// A weights file with a right hash that is no safetensors file all the same.
    #[error("{}: expected a safetensors file, found something else: {message}; {REMAKE}", file.display())]
    NotSafetensors {
        /// The weights file.
        file: PathBuf,
        /// What the reader says.
        message: String,
    },
    /// A weights file without a tensor that the stage has.
    #[error("{}: expected a tensor `{tensor}`, found only {found}; {REMAKE}", file.display())]
    MissingTensor {
        /// The weights file.
        file: PathBuf,
        /// The stage's parameter.
        tensor: String,
        /// The tensors that are there.
        found: String,
    },
    /// A weights file with a tensor that the stage has no place for.
    #[error("{}: found a tensor `{tensor}`, expected none of that name; {REMAKE}", file.display())]
    UnusedTensor {
        /// The weights file.
        file: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another shape or element type than the stage's.
    #[error("{}: expected `{tensor}` to be {expected}, found {found}; {REMAKE}", file.display())]
    UnfitTensor {
        /// The weights file.
        file: PathBuf,
        /// The stage's parameter.
        tensor: String,
        /// Its shape or element type.
        expected: String,
        /// What the file has.
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

/// The next step after a weights file that does not fit.
const REMAKE: &str = "delete the weights folder, and it is made anew from the ONNX file";
