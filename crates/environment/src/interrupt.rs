//! Ctrl-C and SIGTERM: the first asks long work to stop where it can go on later, the second stops
//! the process at once.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::Error;

/// The signal that came, or 0. Unset until somebody watches.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on a first signal is noted rather than obeyed; long work asks for it with [`requested`].
///
/// # Errors
/// When the system does not let us.
pub fn watch() -> Result<(), Error> {
    if SIGNAL.get().is_some() {
        return Ok(());
    }
    let signal = Arc::new(AtomicUsize::new(0));
    register(&signal).map_err(|error| Error::Output(format!("signals: {error}")))?;
    // Another thread that was faster watches as well.
    let _ = SIGNAL.set(signal);
    Ok(())
}

fn register(noted: &Arc<AtomicUsize>) -> io::Result<()> {
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order, so that it is the second that exits.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
        flag::register_usize(signal, Arc::clone(noted), signal.unsigned_abs() as usize)?;
    }
    Ok(())
}

/// The number of the signal that asks to stop, if one came.
pub fn requested() -> Option<u8> {
    let signal = SIGNAL.get()?.load(Ordering::Relaxed);
    u8::try_from(signal).ok().filter(|signal| *signal > 0)
}

/// Stops work where a signal asks to. What is in the cache stays, so that the same command goes on
/// from there.
///
/// # Errors
/// When a signal came.
pub fn go_on() -> Result<(), Error> {
    match requested() {
        Some(signal) => Err(Error::Interrupted { signal }),
        None => Ok(()),
    }
}
