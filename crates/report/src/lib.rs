//! Counts in, numbers and pages out: metrics and the summary of an evaluation.
//!
//! Logits and labels arrive as plain slices, so that every figure can be checked without a tensor
//! library.

mod confusion;
mod evaluation;
mod interval;
mod softmax;
mod summary;

pub use confusion::Confusion;
pub use evaluation::{Evaluation, Half, Mismatch};
pub use interval::{Interval, Z_95, wilson};
pub use softmax::{argmax, negative_log_likelihood, softmax};
pub use summary::{percent, summary};
