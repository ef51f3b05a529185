//! How messages name a place in a file, and a place in VGG16.

use std::fmt;

use onnx_protobuf::NodeProto;

/// A node of the graph, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its name, which may be empty.
    pub name: Box<str>,
    /// Its operator.
    pub operator: Box<str>,
}

impl Node {
    pub(crate) fn new(index: usize, node: &NodeProto) -> Self {
        Self {
            index,
            name: clip(&node.name).into(),
            operator: clip(&node.op_type).into(),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            index,
            name,
            operator,
        } = self;
        // Names are quoted and escaped: they come from a file that anybody may have written.
        if name.is_empty() {
            write!(formatter, "node {index} ({})", operator.escape_debug())
        } else {
            write!(
                formatter,
                "node {index} {name:?} ({})",
                operator.escape_debug()
            )
        }
    }
}

/// A place in VGG16. Blocks and convolutions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A convolution.
    Convolution {
        /// The block.
        block: usize,
        /// The convolution within it.
        number: usize,
    },
    /// What follows a convolution.
    Activation {
        /// The block.
        block: usize,
        /// The convolution within it.
        number: usize,
    },
    /// What ends a block.
    Pool {
        /// The block.
        block: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Convolution { block, number } => {
                write!(formatter, "block {block}, convolution {number}")
            }
            Self::Activation { block, number } => {
                write!(formatter, "block {block}, after convolution {number}")
            }
            Self::Pool { block } => write!(formatter, "block {block}, at its end"),
        }
    }
}

/// A name of at most 100 characters, so that no file makes a message long.
pub(crate) fn clip(name: &str) -> String {
    name.chars().take(100).collect()
}
