//! How messages name a place in a file, and a place in a network.

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

/// A place in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block, counted from 1.
    pub block: usize,
    /// How many of its convolutions are before the place.
    pub convolutions: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self {
                block,
                convolutions: 0,
            } => write!(formatter, "block {block}, at its start"),
            Self {
                block,
                convolutions,
            } => write!(formatter, "block {block}, after convolution {convolutions}"),
        }
    }
}

/// A name of at most 100 characters, so that no file makes a message long.
pub(crate) fn clip(name: &str) -> String {
    name.chars().take(100).collect()
}
