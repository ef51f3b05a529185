//! The verbs of graft: build it for a backend, and pass everything on.

use crate::backend;
use crate::cargo::{self, Failure, cargo};

/// Builds graft and runs `verb` with `arguments`, which it parses itself.
pub(crate) fn run(verb: &str, arguments: &[String]) -> Result<(), Failure> {
    let feature = backend::feature(arguments)?;
    let mut command = cargo("run");
    command.args([
        "--release",
        "--quiet",
        "--package",
        "graft-trainer",
        "--bin",
        "graft",
    ]);
    command.args(["--no-default-features", "--features", feature, "--", verb]);
    command.args(arguments);
    cargo::run(command)
}
