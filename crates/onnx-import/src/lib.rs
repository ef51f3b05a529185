//! VGG16 from ONNX: checked, cut into five blocks, and turned into Rust.
//!
//! [`Vgg16::read`] takes any ONNX file that begins with VGG16's convolutional base, and says of any
//! other where it differs. What it read becomes a folder of [`weights`], which the backbone loads,
//! or five ONNX graphs, from which its Rust code is generated.

mod architecture;
mod base;
mod chain;
#[cfg(feature = "codegen")]
pub mod codegen;
mod constant;
mod error;
mod graph;
mod graphs;
#[cfg(test)]
mod mutations;
mod place;
mod refusal;
mod setting;
mod settings;
#[cfg(test)]
mod synthetic;
mod vgg16;
pub mod weights;

pub use architecture::{BLOCKS, IMAGE_CHANNELS, KERNEL, KNOWN_OPSETS};
pub use error::Error;
pub use place::{Node, Place};
pub use refusal::Refusal;
pub use vgg16::{Convolution, Vgg16};
