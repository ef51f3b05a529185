//! A trained model without a tensor library, from the bytes of a picture to probabilities: the code of the
//! command line for pictures (`graft-dataset`) and for convolutions (`graft-winograd`), and a head in plain
//! Rust. It also compiles for `wasm32-unknown-unknown`, where a page calls it (`wasm`).
//!
//! [`Model::from_bytes`] reads a file that [`to_bytes`] wrote.

mod classify;
mod error;
mod familiarity;
mod file;
mod head;
mod model;
#[cfg(target_family = "wasm")]
mod wasm;

pub use error::Error;
pub use familiarity::{ClassMeans, Familiarity};
pub use file::{About, Tensor, to_bytes};
pub use head::Head;
pub use model::{ActivationMap, Model, Prediction};
