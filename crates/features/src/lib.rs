//! The feature cache: the frozen backbone sees every image once, and training reads what it saw.
//!
//! An entry is a folder for one set of images: shards, which are mapped into memory when they are
//! read, and a manifest with everything that they depend on (the [`Key`]) and the SHA-256 of each. Shards that many
//! machines computed may stay in an object store.
//! Seed and split are not in the key: a validation split is a list of indices into the same entry.
//! Each view of training images is an entry of its own, or is computed whenever an epoch sees it.

mod cache;
mod dtype;
mod error;
mod extract;
mod features;
mod key;
mod manifest;
mod pipelined;
mod reuse;
mod shards;
mod streamed;
#[cfg(test)]
mod tests;
mod views;
mod writer;

pub use cache::{Content, Listed, clear, free_bytes, keeps, list, lock, reserve};
pub use error::Error;
pub use extract::{Extracted, Extractor};
pub use features::Features;
pub use key::{Key, View, hash_images};
pub use pipelined::pipelined;
pub use shards::{Expected, ExpectedShard, Part, Shard, Shards};
pub use views::Views;
pub use writer::Writer;
