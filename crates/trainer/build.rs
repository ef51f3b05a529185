//! Tells the crate which compiler builds it, for the record of a run. Cargo runs this again for
//! another compiler.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version
        .ok()
        .and_then(|said| String::from_utf8(said.stdout).ok());
    let version = version.unwrap_or_default();
    println!("cargo::rustc-env=GRAFT_RUSTC={}", version.trim());
}
