//! What can go wrong between an ONNX file and a weights folder.

use std::path::PathBuf;

use crate::Refusal;

/// What can go wrong between an ONNX file and a weights folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ONNX file cannot be read, or is none.
    #[error(transparent)]
    Onnx(#[from] onnx_protobuf::Error),
    /// It is the file of another model.
    #[error(
        "{} does not begin with a network that graft knows ({known}): {reason} \
         (scripts/export_keras.py and scripts/export_torchvision.py write files that do)",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The known networks.
        known: String,
        /// Where it differs from all of them.
        reason: Box<Refusal>,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] graft_durable::Error),
    /// The weights of a block cannot be put into a file.
    #[error("cannot write weights: {0}")]
    Serialize(#[from] safetensors::SafeTensorError),
    /// A file of a weights folder cannot be read.
    #[error(
        "cannot read {}: {source}; delete the folder {} and run again, which writes it anew",
        path.display(), folder.display()
    )]
    Read {
        /// The weights folder.
        folder: PathBuf,
        /// The file in it.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// A file of a weights folder is not what was written there.
    #[error(
        "{}: expected {expected}, found {found}; \
         delete the folder {} and run again, which writes it anew",
        path.display(), folder.display()
    )]
    Changed {
        /// The weights folder.
        folder: PathBuf,
        /// The file in it.
        path: PathBuf,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
}
