//! VGG16's five convolutional blocks, imported from ONNX, frozen.
//!
//! A [`Backbone`] turns images into features: what the block at its [`Boundary`] yields. The blocks
//! are Rust modules that `burn-import` generated from ONNX; their weights are read from a folder of
//! checked files. Nothing here ever has gradients, and [`Backbone::weights_hash`] proves it.
//! [`CpuBackbone`] computes the same, from the same files, several times as fast on CPUs.

mod backbone;
mod block_file;
mod boundary;
mod cpu;
mod error;
mod fill;
mod fingerprint;
mod generated;
mod source;

pub use backbone::Backbone;
pub use boundary::Boundary;
pub use cpu::CpuBackbone;
pub use error::Error;
pub use generated::generated_code_hash;
