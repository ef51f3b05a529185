//! `cargo xtask test`: what the tests need, then all of them.

use std::ffi::OsString;
use std::process::Command;

use crate::cargo::{self, Failure, PACKAGES, cargo, root};
use crate::forward;

/// The module of the tests that need fresh exports.
const FULL: &str = "full::";

pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let full = cargo::has_flag("test", arguments, "--full")?;
    forward::fetch("all")?;
    let mut tests = cargo("test");
    tests.arg("--release").args(PACKAGES);
    tests.args(["--", "--include-ignored"]);
    if full {
        let fixtures = root().join("target/full-fixtures");
        let mut export = Command::new("sh");
        export
            .arg(root().join("scripts/full_fixtures.sh"))
            .arg(&fixtures);
        cargo::run(export)?;
        tests.env("GRAFT_FULL_FIXTURES", fixtures);
    } else {
        tests.args(["--skip", FULL]);
    }
    cargo::run(tests)?;
    let mut store = cargo("test");
    store.args(["--release", "--package", "graft-store"]);
    cargo::run(store)
}
