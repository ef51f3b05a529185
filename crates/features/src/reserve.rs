//! Before an entry is written: the right to write it, and space for it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use graft_durable::Lock;
use graft_environment::interrupt::go_on;
use graft_environment::output::size;

use crate::{Error, LIMIT, cache, key};

/// Between two looks at whether a lock is free.
const WAIT: Duration = Duration::from_millis(50);

/// Takes the lock of whoever writes the entry at `path`; where that is another process, waits for it,
/// so that its entry may be there afterwards.
pub(crate) fn lock(path: &Path) -> Result<Lock, Error> {
    let path = key::lock(path);
    let mut waits = false;
    loop {
        if let Some(lock) = Lock::try_take(&path)? {
            return Ok(lock);
        }
        if !waits {
            tracing::warn!("another graft computes these features; waiting for it");
            waits = true;
        }
        go_on()?;
        thread::sleep(WAIT);
    }
}

/// Deletes the entries unused for longest where `bytes` more would be too much; then `bytes` must be
/// free on the disk.
pub(crate) fn space(folder: &Path, bytes: u64) -> Result<(), Error> {
    for deleted in cache::shrink(folder, bytes, LIMIT)? {
        tracing::warn!(
            "deleted {}, unused for longest, to keep the cache small",
            deleted.display()
        );
    }
    match fs4::available_space(folder) {
        Ok(free) if free < bytes => Err(Error::NoSpace {
            cache: folder.to_owned(),
            needed: size(bytes),
            free: size(free),
        }),
        // Where the system does not tell, writing will.
        _ => Ok(()),
    }
}
