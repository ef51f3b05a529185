//! The verbs of graft: build it for a backend, and pass everything on.

use std::ffi::OsString;
use std::process::Command;

use crate::cargo::{self, Failure, cargo};
use crate::{backend, cards, cuda};

/// The verbs for which a card matters.
const COMPUTING: [&str; 3] = ["train", "extract", "bench"];

/// Builds graft and runs `verb` with `arguments`, which it parses itself.
pub(crate) fn run(verb: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let asked = backend::asked(arguments)?;
    if asked.is_none()
        && COMPUTING.contains(&verb)
        && let Some(backend) = cards::backend()
    {
        eprintln!(
            "xtask: computing on the CPU; there is a graphics card, which --backend {backend} would use"
        );
    }
    let feature = asked.unwrap_or(backend::DEFAULT);
    let mut graft = build(feature)?;
    graft.arg(verb).args(arguments);
    cargo::become_program(graft)
}

/// Fetches `wanted` into the checkout's own models folder, where the tests and the importer look.
pub(crate) fn fetch(wanted: &str) -> Result<(), Failure> {
    let mut graft = build(backend::DEFAULT)?;
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
    if let Some(folder) = backend::target(feature) {
        if !folder.exists() {
            eprintln!("xtask: building for {feature} takes some 20 minutes and 2 GB, once");
        }
        build.arg("--target-dir").arg(folder);
    }
    let mut graft = match feature {
        "cuda" => cuda::built(build)?,
        _ => cargo::built(build)?,
    };
    // So that it names the next command as it was started.
    graft.env("GRAFT_XTASK", "1");
    Ok(graft)
}
