//! Why a model does not begin with a known network, and where.

use crate::place::{Node, Place};
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
        node: Node,
        /// The value's name.
        value: String,
    },
    /// The graph is not a chain.
    #[error("{place}: expected one node that goes on, found {first} and {second}")]
    Branch {
        /// Where the graph parts.
        place: Place,
        /// One of the nodes.
        first: Node,
        /// Another.
        second: Node,
    },
    /// The graph is too short.
    #[error("{place}: expected {}, found the end of the graph", expected.join(" or "))]
    End {
        /// Where it ends.
        place: Place,
        /// The operators that may be there.
        expected: &'static [&'static str],
    },
    /// The graph goes on in another way.
    #[error("{place}: expected {}, found {found}", expected.join(" or "))]
    Operator {
        /// Where.
        place: Place,
        /// The operators that may be there.
        expected: &'static [&'static str],
        /// The node that is there.
        found: Node,
    },
    /// An operator has another setting.
    #[error("{node}: expected {} {expected}, found {found}", attribute.escape_debug())]
    Attribute {
        /// The node.
        node: Node,
        /// The attribute's name.
        attribute: String,
        /// Its value in a known network.
        expected: String,
        /// Its value here.
        found: String,
    },
    /// An attribute or a tensor cannot be read.
    #[error("{node}: {source}")]
    Content {
        /// The node that has or reads it.
        node: Node,
        /// What is wrong with it.
        source: onnx_protobuf::Error,
    },
    /// A weight, or what a normalisation needs, is missing or computed.
    #[error("{node}: expected its {role} to be an initialiser or a Constant, found {found}")]
    NotConstant {
        /// The node.
        node: Node,
        /// What it is to the node, such as its weight.
        role: &'static str,
        /// What provides it.
        found: String,
    },
    /// A convolution or normalisation has another size.
    #[error("{node}: expected a {role} of shape {expected:?}, found {found:?}")]
    Shape {
        /// The node.
        node: Node,
        /// What it is to the node, such as its weight.
        role: &'static str,
        /// The shape in the network.
        expected: Vec<usize>,
        /// The shape here.
        found: Vec<usize>,
    },
    /// A weight is infinite or not a number.
    #[error("{node}: expected finite numbers, found {value} at index {index} of its {role}")]
    NotFinite {
        /// The node.
        node: Node,
        /// What it is to the node, such as its weight.
        role: &'static str,
        /// Which element, in row-major order.
        index: usize,
        /// The element.
        value: f32,
    },
}
