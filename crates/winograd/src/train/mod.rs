//! Training: convolutions that keep what the way back needs, their gradients, and the optimiser's step.
//!
//! In the domain of the transforms all three passes are batches of matrix products, one for each point:
//! `M = V U` forward, `dV = dM U^T` for the gradient of the input and `dU = V^T dM` for that of the weights.
//! All of them save the same part of the direct form's products. Inputs are kept, and transformed again on
//! the way back; `ReLU` is undone from the outputs, which are the next layer's inputs.

mod activate;
mod adjoint;
mod convolution;
mod filters;
mod gradients;
mod layer;
mod optimizer;
mod products;
mod stack;
#[cfg(test)]
mod tests;

pub use gradients::{Gradients, Parameters};
pub use optimizer::Optimizer;
pub use stack::{Tape, TrainableStack};
