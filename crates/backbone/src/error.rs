//! What can go wrong between a weights folder, an image and its features.

use std::path::PathBuf;

use crate::Boundary;

/// Why a backbone could not be loaded or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that is no boundary.
    #[error("unknown boundary `{found}`: expected one of {}", Boundary::ALL.map(|boundary| boundary.to_string()).join(", "))]
    UnknownBoundary {
        /// What was given.
        found: String,
    },
    /// Images of which nothing is left at the boundary.
    #[error(
        "{boundary} needs images of at least {0}x{0} pixels, found {height}x{width}; \
         pad or resize them, or choose an earlier boundary",
        boundary.smallest_side()
    )]
    TooSmall {
        /// Where the features are taken.
        boundary: Boundary,
        /// The images' height in pixels.
        height: usize,
        /// The images' width in pixels.
        width: usize,
    },
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
    /// A weights file without a tensor that the block has.
    #[error("{}: expected a tensor `{tensor}`, found only {found}; {REMAKE}", file.display())]
    MissingTensor {
        /// The weights file.
        file: PathBuf,
        /// The block's parameter.
        tensor: String,
        /// The tensors that are there.
        found: String,
    },
    /// A weights file with a tensor that the block has no place for.
    #[error("{}: found a tensor `{tensor}`, expected none of that name; {REMAKE}", file.display())]
    UnusedTensor {
        /// The weights file.
        file: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another shape or element type than the block's.
    #[error("{}: expected `{tensor}` to be {expected}, found {found}; {REMAKE}", file.display())]
    UnfitTensor {
        /// The weights file.
        file: PathBuf,
        /// The block's parameter.
        tensor: String,
        /// Its shape or element type.
        expected: String,
        /// What the file has.
        found: String,
    },
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
