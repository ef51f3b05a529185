//! How messages name a place in a file, and a place in a network.

use std::fmt;

use onnx_protobuf::NodeProto;

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
        write!(formatter, "block {}, ", self.block)?;
        match self.convolutions {
            0 => formatter.write_str("at its start"),
            number => write!(formatter, "after convolution {number}"),
        }
    }
}

/// A node by its position in the file, its name and its operator. These are quoted and escaped: they
/// come from a file that anybody may have written.
pub(crate) fn node_name(index: usize, node: &NodeProto) -> String {
    let operator = clip(&node.op_type).escape_debug().to_string();
    match node.name.as_str() {
        "" => format!("node {index} ({operator})"),
        name => format!("node {index} {:?} ({operator})", clip(name)),
    }
}

/// A name of at most 100 characters, so that no file makes a message long.
pub(crate) fn clip(name: &str) -> String {
    name.chars().take(100).collect()
}
