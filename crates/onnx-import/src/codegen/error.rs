//! What can go wrong between a block graph and its Rust module.

use std::io;
use std::path::PathBuf;

/// What can go wrong between a block graph and its Rust module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `burn-import` gave up on a graph; it reports by panicking.
    #[error("burn-import cannot convert {}: {message}", graph.display())]
    Convert {
        /// The block graph.
        graph: PathBuf,
        /// What it said.
        message: String,
    },
    /// `burn-import` wrote code without the line that the header is put in front of.
    #[error(
        "expected code that starts with `use burn` in what burn-import made of {}; \
         its output has changed, so adapt `codegen.rs`",
        graph.display()
    )]
    Unfamiliar {
        /// The block graph.
        graph: PathBuf,
    },
    /// `rustfmt` could not be run.
    #[error("cannot run rustfmt: {0}; install it with `rustup component add rustfmt`")]
    Rustfmt(io::Error),
    /// `rustfmt` refused the code.
    #[error("rustfmt refuses the code generated from {}: {message}", graph.display())]
    Unformatted {
        /// The block graph.
        graph: PathBuf,
        /// What it said.
        message: String,
    },
    /// The committed module is not what its graph gives.
    #[error(
        "{} differs from what its block graph gives, first in line {line}; \
         run `cargo xtask import` and commit the result",
        file.display()
    )]
    Stale {
        /// The committed module.
        file: PathBuf,
        /// The first line that differs, counted from 1.
        line: usize,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}
