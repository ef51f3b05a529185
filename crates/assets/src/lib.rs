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
mod failure;
mod http;
mod local;
mod lock;
mod manifest;
#[cfg(test)]
mod mutations;
mod options;
mod plausible;
mod progress;
mod receive;
mod sources;
mod verify;

pub use ensure::{Origin, Provided, ensure};
pub use error::{Attempt, Error, WrongFile};
pub use failure::{Failure, Mismatch};
pub use manifest::{Asset, Group, Manifest, Member, Source, Unpack, Url};
pub use options::{Options, Timeouts};
