//! Before an entry is made: the right to write it, and room for it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use graft_durable::Lock;

use super::{CacheError, LIMIT, folder, key};
use crate::Error;
use graft_environment::interrupt::go_on;
use graft_environment::output::size;

/// Between two looks at whether a lock is free.
const WAIT: Duration = Duration::from_millis(50);

/// Takes the lock of whoever computes the entry at `path`; where that is another process, waits for
/// it, so that its entry may be there afterwards.
///
/// # Errors
/// When the lock cannot be created, or a signal asks to stop.
pub fn take(path: &Path) -> Result<Lock, Error> {
    let path = key::lock(path);
    let mut waits = false;
    loop {
        if let Some(lock) = Lock::try_take(&path).map_err(CacheError::from)? {
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

/// Deletes the entries unused for longest where `entries` more bytes would be too much. `needed` bytes must be free then: those of the entries and of the shards that
/// they are joined from, without what is there already.
///
/// # Errors
/// When an entry cannot be deleted, or the disk has less room.
pub fn clear_for(cache: &Path, entries: u64, needed: u64) -> Result<(), CacheError> {
    for deleted in folder::make_room(cache, entries, LIMIT)? {
        tracing::warn!(
            "deleted {}, unused for longest, to keep the cache small",
            deleted.display()
        );
    }
    match fs4::available_space(cache) {
        Ok(free) if free < needed => Err(CacheError::NoRoom {
            cache: cache.to_owned(),
            needed: size(needed),
            free: size(free),
        }),
        // Where the system does not tell, writing will.
        _ => Ok(()),
    }
}
