//! What computes: a backend's device, the engine for the frozen backbone, and the proof that the two
//! give the right results.

mod backend;
pub mod batch;
mod compute;
pub mod device;
mod engine;
mod error;
mod loaded;
mod prefix;
pub mod selfcheck;

pub use backend::Backend;
pub use compute::Compute;
pub use engine::{BURN, Engine};
pub use error::Error;
pub use loaded::Loaded;
pub use prefix::{OnDevice, Pending, Phases, Prefix, read};
