//! Mutated files for the tests of parsers.
//!
//! A [`Target`] is a parser with valid files to begin with. Its inputs are mutations of them, each
//! given by a seed and a number, and run in a child process under limits of time and memory. What
//! breaks a limit or panics is kept as a file of the crate's `tests/regression` folder, and every
//! later run begins with the files there. [`Damage`] is the simpler question, asked of files that
//! carry a hash: is every flipped bit found?
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
mod exchange;
mod inputs;
mod limits;
mod mutation;
mod target;

pub use damage::Damage;
pub use fastrand::Rng;
pub use limits::{Limits, MIB};
pub use mutation::{Material, mutate};
pub use target::{Target, Verdict};

/// Counts what is allocated.
#[global_allocator]
static ALLOCATED: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
