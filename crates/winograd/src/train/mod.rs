//! Training: convolutions that keep what the way back needs, their gradients, and the optimiser's step.
//!
//! In the domain of the transforms all three passes are batches of matrix products, one for each point:
//! `M = V U` forward, `dV = dM U^T` for the gradient of the input and `dU = V^T dM` for that of the weights.
//! All of them save the same part of the direct form's products. Inputs are kept, and transformed again on
//! the way back; `ReLU` is undone from the outputs, which are the next layer's inputs.
//!
//! A step takes little memory: one layer's gradients exist at a time, outputs that take little time are computed
//! again on the way back, and all that a step needs beside weights and moments lies in one piece of memory, planned
//! for the batch (`geometry`).

mod activate;
mod adjoint;
mod back;
mod convolution;
mod differentiate;
mod filters;
mod geometry;
mod gradient;
mod layer;
mod optimizer;
mod parts;
mod products;
mod stack;
mod tape;
#[cfg(test)]
mod tests;

pub use gradient::{Gradient, Parameters};
pub use optimizer::Optimizer;
pub use stack::TrainableStack;
pub use tape::Tape;
