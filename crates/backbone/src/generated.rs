//! The five blocks as `burn-import` generated them from ONNX; see `cargo xtask import`.

pub(crate) mod block1;
pub(crate) mod block2;
pub(crate) mod block3;
pub(crate) mod block4;
pub(crate) mod block5;
