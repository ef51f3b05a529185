//! How fast features are computed, by input size, batch and block, and what a whole `train` costs.

mod forward;
mod whole;

pub(crate) use forward::{Plan, Row, forward};
pub(crate) use whole::{Whole, whole};
