//! The five blocks as `burn-import` generated them from ONNX; see `cargo xtask import`.

use graft_durable::sha256;

pub(crate) mod block1;
pub(crate) mod block2;
pub(crate) mod block3;
pub(crate) mod block4;
pub(crate) mod block5;

/// The files, as they were compiled in.
const SOURCES: [&str; 5] = [
    include_str!("generated/block1.rs"),
    include_str!("generated/block2.rs"),
    include_str!("generated/block3.rs"),
    include_str!("generated/block4.rs"),
    include_str!("generated/block5.rs"),
];

/// SHA-256 over the code of the five blocks, one file after the other.
#[must_use]
pub fn generated_code_hash() -> String {
    sha256(SOURCES.concat().as_bytes())
}
