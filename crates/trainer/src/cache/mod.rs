//! The feature cache: the frozen backbone sees every image once, and training reads what it saw.
//!
//! An entry is one safetensors file for one IDX file: a tensor `features`, and in the
//! header everything that it depends on (the [`Key`]) and the SHA-256 of its payload. Seed and
//! split are not in the key: a validation split is a list of indices into the same entry.

mod dtype;
mod error;
mod features;
mod folder;
mod key;
mod payload;
pub(crate) mod room;
mod shards;
#[cfg(test)]
mod tests;
mod writer;

pub use dtype::Dtype;
pub use error::CacheError;
pub use features::Features;
pub(crate) use folder::touch;
pub use folder::{Content, Listed, clear, list};
pub use key::{Key, hash_images};
pub use shards::Shards;
pub use writer::Writer;

/// What all entries together may take, in bytes (20 GiB): a dozen sets of MNIST's size at block 3.
pub const LIMIT: u64 = 20 << 30;
