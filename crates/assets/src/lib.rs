//! The data and weights that Graft needs: where they come from, and that they are right.
//!
//! A [`Manifest`] names every file with its size, its SHA-256 and its sources. [`ensure`] verifies
//! those that are there and fetches those that are missing. Nothing else in the workspace touches
//! the network.

mod archive;
mod client;
mod command;
mod ensure;
mod error;
mod http;
mod manifest;
#[cfg(test)]
mod mutations;
mod receive;
mod sources;

pub use ensure::{Options, Origin, Provided, Timeouts, ensure};
pub use error::{Error, Failure, Mismatch};
pub use manifest::{Asset, Group, Manifest, Member, Source};
