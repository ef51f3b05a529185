//! Features to logits: the only module that trains.
//!
//! The seed recipe's head is what Keras would call `Flatten` and `Dense(10)`. It may average maps, normalise
//! its input, with numbers that it keeps, so that a saved head is complete, and have hidden layers.

mod dropout;
mod file;
mod head;
mod init;
mod loss;
mod normalise;
mod statistics;

pub use dropout::Dropout;
pub use file::FileError;
pub use head::{Dense, Head, HeadConfig};
pub use init::{STREAM, glorot_uniform, he_uniform};
pub use loss::cross_entropy;
pub use normalise::Normalisation;
pub use statistics::{SMALLEST_DEVIATION, Statistics};
