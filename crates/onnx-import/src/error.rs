//! What can go wrong between an ONNX file and a weights folder.

use std::path::PathBuf;

use crate::Refusal;
use crate::weights::again;

/// What can go wrong between an ONNX file and a weights folder.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
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
        path: PathBuf,
        known: String,
        reason: Box<Refusal>,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] graft_durable::Error),
    /// The weights of a block cannot be put into a file.
    #[error("cannot write weights: {0}")]
    Serialize(#[from] safetensors::SafeTensorError),
    /// A file of a weights folder cannot be read.
    #[error("cannot read {}: {source}; {}", path.display(), again(path))]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file of a weights folder is not what was written there.
    #[error("{}: expected {expected}, found {found}; {}", path.display(), again(path))]
    Changed {
        path: PathBuf,
        expected: String,
        found: String,
    },
}
