//! What one input may cost, and making the operating system hold a process to it.

use std::time::Duration;

/// 2^20 bytes.
pub const MIB: usize = 1 << 20;

/// What a child process needs beside its parser: the program, its stacks, the harness.
const PROCESS: usize = 64 * MIB;

/// What one input may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most time.
    pub time: Duration,
    /// The most bytes allocated at once, those of the input itself not counted.
    pub memory: usize,
}

impl Limits {
    /// The promise for every file from outside: 10 s, and 64 MiB plus the bytes that a valid header
    /// may declare.
    #[must_use]
    pub const fn declaring(bytes: usize) -> Self {
        Self {
            time: Duration::from_secs(10),
            memory: 64 * MIB + bytes,
        }
    }

    /// Holds this process to the limit of memory: beyond it, allocations fail.
    #[cfg(unix)]
    pub(crate) fn impose(self) {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let bytes = (self.memory + PROCESS) as u64;
        let maximum = getrlimit(Resource::Data).maximum;
        let limit = Rlimit {
            current: Some(maximum.map_or(bytes, |maximum| bytes.min(maximum))),
            maximum,
        };
        setrlimit(Resource::Data, limit).unwrap();
    }

    #[cfg(not(unix))]
    pub(crate) fn impose(self) {}
}
