//! The convolutional stages of a network: frozen, to turn images into features, or to be trained on.
//!
//! [`Stages`] are the stages between two boundaries of a network as a Burn module, read from a folder
//! of checked weights and written back to the same form. A [`Backbone`] is those before the cut,
//! frozen: nothing in it ever has gradients, and [`Backbone::hashes`] proves it.
//! [`CpuStages`] computes the same, from the same files, several times as fast on CPUs.

mod backbone;
mod cpu;
mod error;
mod stage_file;
mod stages;

pub use backbone::Backbone;
pub use cpu::CpuStages;
pub use error::Error;
pub use stage_file::Convolution;
pub use stages::Stages;
