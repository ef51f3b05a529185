//! Fetching from a server on this machine: good and bad ones, twice at once, and not at all.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by failing"
)]

mod case;
mod network;
mod present;
mod server;
