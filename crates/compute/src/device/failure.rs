//! What a device, or the runtime above it, says when it fails: sorted by what can be done about it,
//! and shortened for people.
//!
//! Burn passes errors on as text alone. Runtimes nest them over many lines, with the cause at the
//! end, so the whole text is looked at.

use crate::Error;

/// A lost device, in lower case: `CubeCL` (`ServerError::DevicePoisoned`, `LaunchError::DevicePoisoned`),
/// `wgpu-hal` and `wgpu-core` (`DeviceError::Lost`), and the standard library's lock that a panic left.
const LOST: [&str; 6] = [
    "is poisoned",
    "was poisoned",
    "device lost",
    "device is lost",
    "device was lost",
    "poisoned lock",
];

/// Too little memory, in lower case: `cubecl-runtime` 0.11.3 in `server/base.rs` (`IoError`:
/// `OutOfMemory`, `BufferTooBig` and `PageSizesExhausted`, the latter two with "can't allocate";
/// `LaunchError::OutOfMemory`), `wgpu` 30 and its parts (`Error::OutOfMemory`,
/// `DeviceError::OutOfMemory`, a binding or buffer beyond the limits), Vulkan's and CUDA's own names.
const MEMORY: [&str; 10] = [
    "out of device memory",
    "out of memory",
    "out-of-memory",
    "out_of_memory",
    "can't allocate",
    "not enough memory",
    "memory allocation has failed",
    "buffertoobig",
    "_buffer_binding_size` limit",
    "greater than the maximum buffer size",
];

impl Error {
    /// What a device or the runtime above it says, sorted by what can be done about it.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
    #[must_use]
    pub fn device(message: impl ToString) -> Self {
        let message = message.to_string();
        tracing::debug!("{message}");
        if line_with(&message, &LOST).is_some() {
            Self::DeviceLost(summary(&message))
        } else if let Some(line) = line_with(&message, &MEMORY) {
            Self::DeviceMemory(line.to_owned())
        } else {
            Self::Device(summary(&message))
        }
    }
}

/// The innermost line that has one of the words.
fn line_with<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let has = |line: &&str| {
        let line = line.to_lowercase();
        words.iter().any(|word| line.contains(word))
    };
    text.lines().map(str::trim).rfind(has)
}

/// What failed and, where the text names one, the innermost cause: the first line, and the one below
/// the last "Caused by:".
pub(super) fn summary(text: &str) -> String {
    let first = |text: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| !line.is_empty()).map(str::to_owned)
    };
    let what = first(text).unwrap_or_else(|| "it gave no reason".into());
    let cause = text.rsplit_once("Caused by:");
    match cause.and_then(|(_, cause)| first(cause)) {
        Some(cause) => format!("{what}: {cause}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::ExecutionError;

    #[test]
    fn what_a_device_says_is_sorted_and_shortened() {
        let memory = |line: &str| Error::DeviceMemory(line.to_owned());
        let lost = |line: &str| Error::DeviceLost(line.to_owned());
        let other = |line: &str| Error::Device(line.to_owned());
        for (text, expected) in [
            (
                "wgpu error: Out of Memory\n",
                memory("wgpu error: Out of Memory"),
            ),
            // wgpu 30, `handle_error_fatal`.
            (
                "Error in Queue::submit: Not enough memory left.",
                memory("Error in Queue::submit: Not enough memory left."),
            ),
            // wgpu-core 30, `CreateBindGroupError::BindingRangeTooLarge`.
            (
                "wgpu error: Validation Error\n\nCaused by:\n  In Device::create_bind_group\n    Buffer binding 0 range 4 exceeds `max_*_buffer_binding_size` limit 2\n",
                memory("Buffer binding 0 range 4 exceeds `max_*_buffer_binding_size` limit 2"),
            ),
            // cudarc's `DriverError` in cubecl-cuda's `IoError::Unknown`.
            (
                "Unknown error happened during execution: CUDA allocation error: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")\nNo backtrace available",
                memory(
                    "Unknown error happened during execution: CUDA allocation error: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
                ),
            ),
            (
                "The device is poisoned\nCaused by:\n  out of memory",
                lost("The device is poisoned: out of memory"),
            ),
            ("Parent device is lost", lost("Parent device is lost")),
            (
                "a kernel does not compile",
                other("a kernel does not compile"),
            ),
            ("\n  no library\n  0: a backtrace", other("no library")),
            (
                "wgpu error: Validation Error\n\nCaused by:\n  In Device::create_shader_module\n",
                other("wgpu error: Validation Error: In Device::create_shader_module"),
            ),
            ("Caused by:\n", other("Caused by:")),
            ("", other("it gave no reason")),
        ] {
            let found = Error::device(text);
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text:?}");
        }
    }

    /// The texts of `cubecl-runtime` 0.11.3, quoted where the crate is not compiled in, as a failed
    /// read wraps them.
    #[test]
    fn the_runtime_s_own_words_are_known_below_what_wraps_them() {
        for cause in [
            "out of device memory allocating 51380224 bytes",
            "can't allocate buffer of size: 51380224",
            "Can't allocate 51380224 bytes: every page size the memory tracks still holds live allocations",
            "An out-of-memory error happened during launch",
        ] {
            let server =
                format!("An IO error happened\nCaused by:\n  {cause}\nNo backtrace available");
            let read = format!(
                "The bytes were never written (failure #3, still claiming 1 buffer(s))\n  a hop\nCaused by:\n  {server}\nAsked at:\nNo backtrace available"
            );
            for reason in [server, read] {
                let error = ExecutionError::with_context(reason).to_string();
                let Error::DeviceMemory(found) = Error::device(&error) else {
                    panic!("{error}");
                };
                assert_eq!(found, cause, "{error}");
            }
        }
        let error = ExecutionError::device_poisoned("out of memory").to_string();
        assert!(
            matches!(Error::device(&error), Error::DeviceLost(_)),
            "{error}"
        );
    }

    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    #[expect(
        clippy::default_trait_access,
        reason = "cubecl does not name the type of a backtrace"
    )]
    #[test]
    fn the_runtime_s_own_errors_are_sorted() {
        use cubecl::server::{IoError, LaunchError, ServerError};

        let size = 51_380_224;
        let full = || IoError::OutOfMemory {
            size,
            backtrace: Default::default(),
        };
        for error in [
            ServerError::Io(full()),
            ServerError::Io(IoError::BufferTooBig {
                size,
                backtrace: Default::default(),
            }),
            ServerError::Io(IoError::PageSizesExhausted {
                size,
                backtrace: Default::default(),
            }),
            ServerError::Io(IoError::StorageMappingFailed {
                size,
                source: Box::new(full()),
                backtrace: Default::default(),
            }),
            ServerError::Launch(LaunchError::OutOfMemory {
                reason: "no more".into(),
                backtrace: Default::default(),
            }),
            ServerError::Unwritten {
                failure: 3,
                claimed: 1,
                chain: vec!["a skipped kernel".into()],
                root: Box::new(full().into()),
                backtrace: Default::default(),
            },
            ServerError::Several {
                errors: vec![full().into(), ServerError::Skipped],
                backtrace: Default::default(),
            },
        ] {
            // As burn-cubecl 0.22.1 passes it on.
            let told = ExecutionError::with_context(error.to_string()).to_string();
            assert!(
                matches!(Error::device(&told), Error::DeviceMemory(_)),
                "{told}"
            );
        }
        let told = ExecutionError::with_context(ServerError::Skipped.to_string()).to_string();
        assert!(matches!(Error::device(&told), Error::Device(_)), "{told}");
    }
}
