//! A run's folder: written file by file while training, complete when the hashes of all files are
//! there. What is in it, [`graft_report::record`] says.

mod checkpoint;
mod complete;
mod error;
#[cfg(test)]
mod fixture;
mod layers;
mod resumable;
mod samples;
mod several;
mod stale;
mod start;
mod writer;

use std::path::Path;

use graft_durable::Lock;
use graft_report::record::PREDICTIONS;

pub use checkpoint::{Checkpoint, CheckpointName, Spent};
pub use complete::Run;
pub use error::RunError;
pub use layers::layers;
pub use resumable::Resumable;
pub use samples::{mistakes, picture, samples, views};
pub use start::Start;
pub use writer::{RunWriter, indented, new_folder};

/// Locked by whoever writes into the run's folder; the one beside the runs by whoever makes a folder.
const LOCK: &str = ".lock";

/// Deletes what killed processes left half-written in the run in `folder`.
fn sweep(folder: &Path) {
    for part in ["", PREDICTIONS, checkpoint::FOLDER] {
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
