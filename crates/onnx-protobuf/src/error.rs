//! Why a file, a tensor or an attribute is refused.

use std::io;
use std::path::PathBuf;

use crate::{MAX_FILE_BYTES, MAX_STRUCTURE_BYTES};

/// Why a file, a tensor or an attribute is refused. Names in messages have at most 100 characters.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The file cannot be read at all.
    #[error("cannot read {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A symbolic link to a file that does not exist.
    #[error(
        "{} is a broken link: expected a file at {}, found none; mend the link, or give the file itself",
        path.display(),
        target.display()
    )]
    BrokenLink { path: PathBuf, target: PathBuf },
    /// The file is larger than any model that Graft has a use for.
    #[error(
        "{} has more than {MAX_FILE_BYTES} bytes, the most that is read of an ONNX file",
        path.display()
    )]
    TooLarge { path: PathBuf },
    /// The file was read, and is no acceptable ONNX.
    #[error(
        "{} is not a readable ONNX file: {source}; if it was copied or downloaded, get it again",
        path.display()
    )]
    Content { path: PathBuf, source: Box<Error> },
    /// The bytes are not protocol buffers, or end too early.
    #[error("{problem} at byte {offset} of {length}")]
    Wire {
        offset: usize,
        length: usize,
        problem: &'static str,
    },
    /// There is more to the graph than its weights account for.
    #[error(
        "{found} bytes are not the elements of tensors, where at most {MAX_STRUCTURE_BYTES} \
         are expected"
    )]
    Structure { found: usize },
    /// The bytes are protocol buffers, but not a model.
    #[error("it does not hold the messages of ONNX: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// There is no graph in the model, which is what an empty file looks like, too.
    #[error("it holds no graph")]
    NoGraph,
    /// A tensor that cannot be used.
    #[error("tensor {name:?}: {problem}")]
    Tensor { name: String, problem: String },
    /// An attribute of another kind than expected.
    #[error("attribute {name:?}: expected {expected}, found {found}")]
    Attribute {
        name: String,
        expected: &'static str,
        found: &'static str,
    },
}
