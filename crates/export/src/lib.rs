//! A run for other programs, which take images as they are, so that nothing has to be rebuilt around it:
//! preprocessing, frozen and trained stages, normalisation, head and softmax.
//!
//! [`Classifier::read`] gathers what that is made of, from the record of a complete run and from the weights
//! folder. [`Classifier::write`] writes it as one ONNX file, and [`write_page`] as a page that computes in the
//! browser. Nothing is computed here.

mod classifier;
mod error;
mod graph;
mod head;
mod metadata;
mod model;
mod page;
mod prepare;
mod stages;
mod tensors;
mod write;

pub use classifier::{Classifier, Images};
pub use error::Error;
pub use head::{Dense, Head, Normalisation};
pub use model::{FEATURES, IMAGES, LOGITS, OPSET, Options, PROBABILITIES};
pub use page::{MODEL, WASM, write_page};
