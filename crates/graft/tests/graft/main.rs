//! `graft` as a user runs it: exit codes, messages, files left behind.
//!
//! One test program, for linking Burn takes longer than running it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what it expects by failing"
)]

mod audit;
mod changed;
mod damage;
mod disk;
mod diverge;
mod ensemble;
mod export;
mod faults;
mod features;
mod harness;
mod images;
mod labs;
mod memory;
mod page;
mod pictures;
mod predict;
mod record;
mod resume;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod shards;
#[cfg(unix)]
mod signals;
mod smoke;
mod torn;
mod unfreeze;
mod usage;
#[cfg(feature = "wgpu")]
mod wgpu;
