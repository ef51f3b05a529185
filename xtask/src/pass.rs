//! The verbs of graft: build it for a backend, and pass everything on.

use std::ffi::OsString;
use std::process::Command;

use crate::backend;
use crate::cargo::{self, Failure, cargo};

/// Builds graft and runs `verb` with `arguments`, which it parses itself.
pub(crate) fn run(verb: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let mut graft = build(backend::feature(arguments)?)?;
    graft.arg(verb).args(arguments);
    cargo::become_program(graft)
}

/// Fetches `wanted` into the checkout's own models folder, where the tests and the importer look.
pub(crate) fn fetch(wanted: &str) -> Result<(), Failure> {
    let mut graft = build("cpu")?;
    graft
        .args(["fetch", wanted])
        .env("GRAFT_HOME", cargo::root());
    cargo::run(graft)
}

/// Builds graft for a backend.
pub(crate) fn build(feature: &str) -> Result<Command, Failure> {
    let mut build = cargo("build");
    build.args(["--release", "--package", "graft-trainer", "--bin", "graft"]);
    build.args(["--no-default-features", "--features", feature]);
    let mut graft = cargo::built(build)?;
    // So that it names the next command as it was started.
    graft.env("GRAFT_XTASK", "1");
    Ok(graft)
}
