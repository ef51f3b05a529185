//! Why a model does not begin with a known network, and where.

use crate::place::Place;
use crate::rules::KNOWN_OPSETS;

/// Why a model is refused. What is said to be expected is what a known network has there.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Refusal {
    /// The operators are of another age, so that they may mean something else.
    #[error(
        "expected an ONNX operator set of version {} to {}, found {found}; \
         export the model again, or convert it with onnx.version_converter",
        KNOWN_OPSETS.start(), KNOWN_OPSETS.end()
    )]
    Opset { found: String },
    /// The model defines an operator that ONNX defines.
    #[error("it has a function {name:?} of its own where ONNX has operators")]
    Function { name: String },
    /// The graph has no input, or several; the first of them.
    #[error("expected one input, the images, found {found:?}")]
    Inputs { found: Vec<String> },
    /// Two things have one name.
    #[error("the value {value:?} is assigned more than once")]
    Reassigned { value: String },
    /// A value is missing, or comes too late, as in a cycle.
    #[error("{node} reads {value:?}, which no input, initialiser or earlier node provides")]
    Unassigned { node: String, value: String },
    /// The graph goes on in another way.
    #[error("{place}: expected {expected}, found {found}")]
    Structure {
        place: Place,
        expected: String,
        found: String,
    },
    /// A setting or a constant of a node is another one.
    #[error("{node}: expected {expected}, found {found}")]
    Node {
        node: String,
        expected: String,
        found: String,
    },
    /// An attribute or a tensor of a node cannot be read.
    #[error("{node}: {source}")]
    Content {
        node: String,
        source: onnx_protobuf::Error,
    },
}
