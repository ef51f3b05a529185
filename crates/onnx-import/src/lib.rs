//! VGG16 from ONNX: checked, cut into five blocks, and turned into Rust.
//!
//! [`Vgg16::read`] takes any ONNX file that begins with VGG16's convolutional base, and says of any
//! other where it differs. What it read becomes a folder of [`weights`], which the backbone loads,
//! or five ONNX graphs, from which its Rust code is generated.

mod architecture;
mod base;
#[cfg(feature = "codegen")]
pub mod codegen;
mod error;
mod graph;
mod graphs;
mod refusal;
mod settings;
#[cfg(test)]
mod synthetic;
mod vgg16;
pub mod weights;

pub use architecture::{BLOCKS, IMAGE_CHANNELS, KERNEL, KNOWN_OPSETS};
pub use error::Error;
pub use refusal::{Node, Place, Refusal};
pub use vgg16::{Convolution, Vgg16};
