//! The feature cache: the frozen backbone sees every image once, and training reads what it saw.
//!
//! An entry is one safetensors file for one IDX file: a tensor `features`, and in the
//! header everything that it depends on (the [`Key`]) and the SHA-256 of its payload. Seed and
//! split are not in the key: a validation split is a list of indices into the same entry.

mod dtype;
mod error;
pub mod extract;
mod features;
mod folder;
mod key;
pub mod passes;
mod payload;
pub mod room;
mod shards;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{CacheError, Error};
pub use extract::{Extracted, Extractor};
pub use features::Features;
pub use folder::touch;
pub use folder::{Content, Listed, clear, list};
pub use key::{Key, hash_images};
pub use shards::Shards;
pub use writer::Writer;

/// What all entries together may take, in bytes (20 GiB): a dozen sets of MNIST's size at block 3.
pub const LIMIT: u64 = 20 << 30;
