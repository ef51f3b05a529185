//! Panics of the runtimes below, told as errors.
//!
//! Burn's runtimes panic where a driver refuses something, on the caller's thread or on one of
//! their own. Whoever waits for them is told with the same panic, which is caught here.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many guarded pieces of work are under way.
static GUARDED: AtomicUsize = AtomicUsize::new(0);

/// Does work on a device. Where it panics, what the panic says is the error, and it is logged rather
/// than printed.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    quiet_hook();
    GUARDED.fetch_add(1, Ordering::SeqCst);
    // What a panic leaves behind half-done is the device's state, which no one uses after an error.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.fetch_sub(1, Ordering::SeqCst);
    done.map_err(|payload| message(payload.as_ref()))
}

/// Panics during guarded work go to the log; any other is printed as always.
fn quiet_hook() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if GUARDED.load(Ordering::SeqCst) == 0 {
                before(panic);
            } else {
                tracing::debug!("{panic}");
            }
        }));
    });
}

/// The first line of what a panic says: the rest is for those who look at the log.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    let lines = text.into_iter().flat_map(str::lines);
    lines
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("it gave no reason")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_first_line() {
        let panicked = guarded::<()>(|| panic!("\n  no library\n  0: a backtrace"));
        assert_eq!(panicked, Err("no library".to_owned()));
        assert_eq!(guarded(|| 7), Ok(7));
    }
}
