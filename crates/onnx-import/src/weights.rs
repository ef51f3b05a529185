//! A folder of weights: a safetensors file for each block, and a manifest that says what is in them.
//!
//! `blockN.safetensors` holds `conv2d1.weight` `[out, in, 3, 3]`, `conv2d1.bias` `[out]`,
//! `conv2d2.weight`, ... of block N as 32-bit floats. Its header's metadata has one entry,
//! `graft`: the block's number and its source's hash in JSON. One, because safetensors writes
//! several in any order, and the same weights must give the same bytes.

#[cfg(test)]
mod damage;
mod manifest;
mod read;
mod write;

pub use manifest::{BlockFile, FORMAT, MANIFEST, Manifest, Source};
pub(crate) use read::again;
pub use read::{MAX_BLOCK_BYTES, MAX_MANIFEST_BYTES, read_block, read_manifest};
