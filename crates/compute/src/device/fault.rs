//! A device without memory, on demand: a hook for tests, which no other use of Graft has to know.
//!
//! With `GRAFT_DEVICE_ROOM=IMAGES` a device has memory for batches of so many images and no more: the
//! features of a larger batch fail when they are waited for, as those of a full GPU do. It holds for
//! Burn's engine.

use std::env;
use std::sync::OnceLock;

use burn::tensor::ExecutionError;

/// The environment variable that asks for less memory. It is read once.
const VARIABLE: &str = "GRAFT_DEVICE_ROOM";

static ROOM: OnceLock<Option<String>> = OnceLock::new();

/// Why a batch of so many images fails, where it is asked to.
pub(crate) fn refusal(images: usize) -> Option<ExecutionError> {
    let asked = ROOM.get_or_init(|| env::var(VARIABLE).ok());
    asked.as_deref().and_then(|room| refused(room, images))
}

/// A value that is no number refuses every batch, so that no test passes by a typing error.
fn refused(room: &str, images: usize) -> Option<ExecutionError> {
    let reason = match room.parse() {
        Ok(room) if images <= room => return None,
        // What burn-cubecl 0.22.1 says of `ServerError::Io(IoError::OutOfMemory)`.
        Ok(_) => format!(
            "An IO error happened\nCaused by:\n  out of device memory allocating {images} images (asked for by {VARIABLE})\nNo backtrace available"
        ),
        Err(_) => format!(
            "{VARIABLE}: expected a number of images, found {room:?}; unset it unless you test Graft"
        ),
    };
    Some(ExecutionError::with_context(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_larger_batch_finds_the_device_full() {
        assert!(refused("4", 4).is_none());
        let full = Error::device(refused("4", 5).unwrap());
        assert!(matches!(full, Error::DeviceMemory(_)), "{full}");
        for room in ["", "x", "-1", "4.5"] {
            let error = Error::device(refused(room, 1).unwrap());
            assert!(matches!(error, Error::Device(_)), "{error}");
            let text = error.to_string();
            assert!(
                text.contains(VARIABLE) && text.contains(&format!("{room:?}")),
                "{text}"
            );
        }
    }
}
