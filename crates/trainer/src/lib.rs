//! The pipeline: images to features, features to a trained head, a head to measured accuracy.
//!
//! `pipeline.rs` shows the whole of it in a screenful; everything else here is one step of it. The
//! binary `graft` is a thin shell around [`commands`].

pub mod backend;
mod batch;
pub mod bench;
pub mod cache;
pub mod cli;
pub mod commands;
pub mod compute;
pub mod device;
pub mod engine;
mod error;
pub mod evaluate;
pub mod examples;
pub mod extract;
pub mod fit;
pub mod home;
mod interrupt;
mod machine;
mod output;
mod passes;
pub mod pipeline;
pub mod predict;
pub mod prefix;
mod progress;
pub mod recipe;
pub mod run;
pub mod selfcheck;
pub mod sources;
pub mod sweeps;

pub use error::Error;
