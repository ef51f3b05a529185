//! The verbs of graft: build it for a backend, and pass everything on.

use crate::backend;
use crate::cargo::{self, Failure, cargo};

/// Builds graft and runs `verb` with `arguments`, which it parses itself.
pub(crate) fn run(verb: &str, arguments: &[String]) -> Result<(), Failure> {
    let feature = backend::feature(arguments)?;
    let mut build = cargo("build");
    build.args(["--release", "--package", "graft-trainer", "--bin", "graft"]);
    build.args(["--no-default-features", "--features", feature]);
    let mut graft = cargo::built(build)?;
    graft.arg(verb).args(arguments);
    cargo::run(graft)
}
