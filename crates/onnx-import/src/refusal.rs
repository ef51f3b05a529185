//! Why a model does not begin with a known network, and where.

use crate::place::Place;
use crate::rules::KNOWN_OPSETS;

/// Why a model is refused. What is said to be expected is what a known network has there.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The operators are of another age, so that they may mean something else.
    #[error(
        "expected an ONNX operator set of version {} to {}, found {found}; \
         export the model again, or convert it with onnx.version_converter",
        KNOWN_OPSETS.start(), KNOWN_OPSETS.end()
    )]
    Opset {
        /// The versions that the model states.
        found: String,
    },
    /// The model defines an operator that ONNX defines.
    #[error("it has a function {name:?} of its own where ONNX has operators")]
    Function {
        /// The function's name.
        name: String,
    },
    /// The graph has no input, or several.
    #[error("expected one input, the images, found {found:?}")]
    Inputs {
        /// The inputs that are no initialisers, or the first of them.
        found: Vec<String>,
    },
    /// Two things have one name.
    #[error("the value {value:?} is assigned more than once")]
    Reassigned {
        /// The name.
        value: String,
    },
    /// A value is missing, or comes too late, as in a cycle.
    #[error("{node} reads {value:?}, which no input, initialiser or earlier node provides")]
    Unassigned {
        /// The node that reads the value.
        node: String,
        /// The value's name.
        value: String,
    },
    /// The graph goes on in another way.
    #[error("{place}: expected {expected}, found {found}")]
    Structure {
        /// Where.
        place: Place,
        /// The operators that may be there.
        expected: String,
        /// The node that is there, or that there is none.
        found: String,
    },
    /// A setting or a constant of a node is another one.
    #[error("{node}: expected {expected}, found {found}")]
    Node {
        /// The node.
        node: String,
        /// What it should have.
        expected: String,
        /// What it has.
        found: String,
    },
    /// An attribute or a tensor cannot be read.
    #[error("{node}: {source}")]
    Content {
        /// The node that has or reads it.
        node: String,
        /// What is wrong with it.
        source: onnx_protobuf::Error,
    },
}
