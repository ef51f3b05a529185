//! A run as one ONNX file that takes images as they are, so that nothing has to be rebuilt around it:
//! preprocessing, frozen and trained stages, normalisation, head and softmax.
//!
//! [`Classifier::read`] gathers what the file is made of, from the record of a complete run and from
//! the weights folder, and [`Classifier::write`] writes it. Nothing is computed here.

mod classifier;
mod error;
mod graph;
mod head;
mod metadata;
mod model;
mod prepare;
mod stages;
mod tensors;
mod write;

pub use classifier::{Classifier, Images};
pub use error::Error;
pub use head::{Head, Normalisation};
pub use model::{FEATURES, IMAGES, LOGITS, OPSET, Options, PROBABILITIES};
