//! Networks from ONNX, checked, to a folder of weights.
//!
//! [`Imported::read`] takes any ONNX file that begins with the convolutional base of a known network,
//! with or without batch normalisation, and says of any other where it differs. What it read becomes a
//! folder of [`weights`], which the backbone loads.

mod error;
#[cfg(test)]
mod fixture;
mod fold;
mod graph;
mod imported;
#[cfg(test)]
mod mutations;
mod place;
mod recognise;
mod refusal;
mod rules;
pub mod weights;

pub use error::Error;
pub use imported::{Convolution, Imported};
pub use place::Place;
pub use refusal::Refusal;
