//! How fast features are computed, by input size, batch and block, and what a whole `train` costs.

mod forward;
mod whole;

pub use forward::{Plan, Row, forward};
pub use whole::{Whole, whole};
