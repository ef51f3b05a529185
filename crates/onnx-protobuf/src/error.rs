//! Why a file, a tensor or an attribute is refused.

use std::io;
use std::path::PathBuf;

use crate::{MAX_FILE_BYTES, MAX_STRUCTURE_BYTES};

/// Why a file, a tensor or an attribute is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read at all.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The file is larger than any model that Graft has a use for.
    #[error(
        "{} has more than {MAX_FILE_BYTES} bytes, the most that is read of an ONNX file",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file was read, and is no acceptable ONNX.
    #[error(
        "{} is not a readable ONNX file: {source}; if it was copied or downloaded, get it again",
        path.display()
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: Box<Error>,
    },
    /// The bytes are not protocol buffers, or end too early.
    #[error("{problem} at byte {offset} of {length}")]
    Wire {
        /// Where in the bytes.
        offset: usize,
        /// How many bytes there are.
        length: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// There is more to the graph than its weights account for.
    #[error(
        "{found} bytes are not the elements of tensors, where at most {MAX_STRUCTURE_BYTES} \
         are expected"
    )]
    Structure {
        /// How many such bytes there are.
        found: usize,
    },
    /// The bytes are protocol buffers, but not a model.
    #[error("it does not hold the messages of ONNX: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// There is no graph in the model, which is what an empty file looks like, too.
    #[error("it holds no graph")]
    NoGraph,
    /// A tensor that cannot be used.
    #[error("tensor {name:?}: {problem}")]
    Tensor {
        /// The tensor's name, or its first 100 characters.
        name: String,
        /// What was expected, and what was found.
        problem: String,
    },
    /// An attribute of another kind than expected.
    #[error("attribute {name:?}: expected {expected}, found {found}")]
    Attribute {
        /// The attribute's name, or its first 100 characters.
        name: String,
        /// The kind that was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}
