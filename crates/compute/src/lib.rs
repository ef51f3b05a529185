//! What computes: a backend's device, the engine for the frozen backbone, and the verification that
//! a device gives the CPU's results.

mod backend;
mod batch;
mod context;
pub mod device;
mod engine;
mod error;
mod frozen;
mod loaded;
pub mod selfcheck;

pub use backend::Backend;
pub use context::ComputeContext;
pub use engine::{BURN, Engine};
pub use error::Error;
pub use frozen::{FrozenBackbone, OnDevice, Pending, Phases, read};
pub use loaded::LoadedBackbone;
