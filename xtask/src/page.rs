//! `cargo xtask page`: a run as a page that computes in the browser, with the code for it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Failure, cargo, root};
use crate::{backend, forward};

const TARGET: &str = "wasm32-unknown-unknown";
/// The profile of the workspace that makes small code.
const PROFILE: &str = "web";
/// Each file of code, and what it is compiled with.
const CODE: [(&str, &str); 2] = [
    ("graft.wasm", "-C target-feature=+simd128"),
    ("graft-plain.wasm", ""),
];

/// Builds the code, and has graft export the run; `arguments` are those of `graft export`.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    has_target()?;
    let target = backend::targets();
    let wasm = target.join("wasm");
    for (name, flags) in CODE {
        build(&target, flags, &wasm.join(name))?;
    }
    let mut graft = forward::build(&[backend::DEFAULT])?;
    graft
        .args(["export", "--format", "web", "--wasm"])
        .arg(wasm);
    let named = |argument: &OsString| {
        let argument = argument.to_string_lossy();
        argument.starts_with("-o") || argument.starts_with("--output")
    };
    if !arguments.iter().any(named) {
        graft.arg("--output").arg(root().join("target/page"));
    }
    graft.args(arguments);
    cargo::become_program(graft)
}

/// Builds `graft-web` for browsers with these flags, and puts it at `to`.
fn build(target: &Path, flags: &str, to: &Path) -> Result<(), Failure> {
    let mut build = cargo("rustc");
    build.args(["--package", "graft-web", "--lib", "--crate-type", "cdylib"]);
    build.args(["--profile", PROFILE, "--target", TARGET, "--target-dir"]);
    // Flags for this machine's CPU are of no use there.
    build
        .arg(target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", flags);
    cargo::run(build)?;
    let from = target.join(TARGET).join(PROFILE).join("graft_web.wasm");
    let copied = fs::create_dir_all(target.join("wasm")).and_then(|()| fs::copy(&from, to));
    let failed = |error| Failure::Spawn(format!("cannot copy {}: {error}", from.display()));
    copied.map(drop).map_err(failed)
}

/// Refuses to build without the standard library for browsers.
fn has_target() -> Result<(), Failure> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let output = rustc
        .output()
        .map_err(|error| cargo::not_run(&rustc, &error))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::Spawn(format!(
        "the page's code needs Rust's standard library for {TARGET}\n  next: rustup target add {TARGET}"
    )))
}
