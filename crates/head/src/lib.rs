//! Features to logits: the only module that trains.
//!
//! The seed recipe's head is what Keras would call `Flatten` and `Dense(10)`. It may normalise
//! its input first, with numbers that it keeps, so that a saved head is complete.

mod file;
mod head;
mod init;
mod loss;
mod normalise;
mod statistics;

pub use file::FileError;
pub use head::{Head, HeadConfig};
pub use init::{STREAM, glorot_uniform, he_uniform};
pub use loss::cross_entropy;
pub use normalise::Normalisation;
pub use statistics::{SMALLEST_DEVIATION, Statistics};
