//! The feature cache: the frozen backbone sees every image once, and training reads what it saw.
//!
//! An entry is one safetensors file for one IDX file: a tensor `features` of f32, and in the
//! header everything that it depends on (the [`Key`]) and the SHA-256 of its payload. Seed and
//! split are not in the key: a validation split is a list of indices into the same entry.

mod entry;
mod folder;
mod key;

pub use entry::{CacheError, Features, Writer};
pub use folder::{Listed, clear, list};
pub use key::{Key, hash_images};
