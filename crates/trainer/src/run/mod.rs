//! A run's folder: written file by file while training, complete when the hashes of all files are
//! there. What is in it, [`graft_report::record`] says.

mod complete;
mod error;
mod layers;
mod samples;
mod started;

pub use complete::Run;
pub use error::RunError;
pub(crate) use layers::layers;
pub(crate) use samples::{mistakes, samples};
pub use started::Started;
pub(crate) use started::indented;
