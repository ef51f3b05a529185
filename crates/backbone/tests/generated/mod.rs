//! Every known network as `burn-import` generates it; see `burn_import.rs`.

pub(crate) mod vgg11;
pub(crate) mod vgg13;
pub(crate) mod vgg16;
