//! A run's folder: written file by file while training, complete when the hashes of all files are
//! there. What is in it, [`graft_report::record`] says.

mod checkpoints;
mod complete;
mod error;
mod layers;
mod samples;
mod start;
mod started;
mod unfinished;

use std::path::Path;

use graft_durable::Lock;

pub use complete::Run;
pub use error::RunError;
pub(crate) use layers::layers;
pub(crate) use samples::{mistakes, samples};
pub use start::Start;
pub use started::Started;
pub(crate) use started::indented;
pub use unfinished::Unfinished;

/// Locked by whoever writes into the run's folder.
const LOCK: &str = ".lock";

/// The right to write into the run in `folder`.
fn lock(folder: &Path) -> Result<Lock, RunError> {
    let lock = Lock::try_take(&folder.join(LOCK))?;
    lock.ok_or_else(|| RunError::Busy(folder.to_owned()))
}
