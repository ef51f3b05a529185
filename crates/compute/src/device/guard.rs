//! Panics of the runtimes below, told as errors.
//!
//! Burn's runtimes panic where a driver refuses something, on the caller's thread or on one of
//! their own. Whoever waits for them is told with the same panic, which is caught here.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many guarded calls are under way.
static GUARDED: AtomicUsize = AtomicUsize::new(0);

/// Calls into the runtime of a device. Where it panics, what the panic says is the error, and it is
/// logged rather than printed. Keep `call` small, so that no defect of ours hides in it.
///
/// # Errors
/// When it panics.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    quiet_hook();
    GUARDED.fetch_add(1, Ordering::SeqCst);
    // What a panic leaves behind half-done is the device's state, which no one uses after an error.
    let done = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.fetch_sub(1, Ordering::SeqCst);
    done.map_err(|payload| message(payload.as_ref()))
}

/// Panics during guarded calls go to the log; any other is printed as always.
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

/// All that a panic says: its cause may stand at the end.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_all_that_it_says() {
        for text in [
            "no library",
            "it failed\nCaused by:\n  out of device memory",
        ] {
            assert_eq!(guarded::<()>(|| panic!("{text}")), Err(text.to_owned()));
        }
        assert_eq!(guarded(|| 7), Ok(7));
    }
}
