//! A run's folder: written file by file while training, complete when the hashes of all files are
//! there. What is in it, [`graft_report::record`] says.

mod checkpoints;
mod complete;
mod error;
mod layers;
mod samples;
mod sealed;
mod start;
mod started;
mod unbegun;
mod unfinished;

use std::path::Path;

use graft_durable::Lock;
use graft_report::record::PREDICTIONS;

pub use complete::Run;
pub use error::RunError;
pub(crate) use layers::layers;
pub(crate) use samples::{mistakes, samples};
pub use start::Start;
pub use started::Started;
pub(crate) use started::indented;
pub use unfinished::Unfinished;

/// Locked by whoever writes into the run's folder; the one beside the runs by whoever makes a folder.
const LOCK: &str = ".lock";

/// Deletes what killed processes left half-written in the run in `folder`.
fn sweep(folder: &Path) {
    for part in ["", PREDICTIONS, checkpoints::FOLDER] {
        for abandoned in graft_durable::sweep(&folder.join(part)) {
            tracing::info!("deleted the abandoned {}", abandoned.display());
        }
    }
}

/// The right to write into the run in `folder`.
fn lock(folder: &Path) -> Result<Lock, RunError> {
    let lock = Lock::try_take(&folder.join(LOCK))?;
    lock.ok_or_else(|| RunError::Busy(folder.to_owned()))
}
