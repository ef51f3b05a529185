//! Mutated files for the tests of parsers.
//!
//! A [`Target`] is a parser with valid files to begin with. Its inputs are mutations of them, each
//! given by a seed and a number, and run in a child process under limits of time and memory. What
//! breaks a limit or panics is kept as a file of the crate's `tests/regression` folder, and every
//! later run begins with the files there. [`Damage`] is the simpler question, asked of files that
//! carry a hash: is every flipped bit found?
//!
//! Why not a fuzzing framework: `proptest` makes inputs anew instead of mutating valid files, `bolero`
//! mutates only under engines that need another toolchain, and neither holds an input to a limit of
//! memory.
//!
//! A development dependency only: it replaces the allocator by one that counts.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by failing, and shows its figures"
)]

mod child;
mod damage;
mod inputs;
mod limits;
mod mutation;
mod target;

use std::fs;
use std::path::Path;

pub use damage::Damage;
pub use fastrand::Rng;
pub use limits::{Limits, MIB};
pub use mutation::{Material, mutate};
pub use target::{MUTATIONS, Target, Verdict};

/// Counts what is allocated.
#[global_allocator]
static ALLOCATED: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// Makes `bytes` the content of `path`, where a parser that takes a path finds it. The file is a new one
/// each time, because file systems flush one that is cut and written again, which costs milliseconds.
///
/// # Panics
/// When it cannot be written.
pub fn place(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}
