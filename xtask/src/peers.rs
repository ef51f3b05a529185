//! `cargo xtask bench --peers`: ours and three other frameworks, in turn, on the same weights and
//! images.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Failure, root};
use crate::forward;

const FLAG: &str = "--peers";
const PACKAGES: [&str; 5] = ["numpy", "onnx", "onnxruntime", "torch", "tensorflow-cpu"];

/// Whether the user asked for it.
pub(crate) fn wanted(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == FLAG)
}

/// Installs the peers below `target` where they are missing, then runs the script; what follows
/// `--peers` goes to it.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    forward::fetch("train")?;
    let graft = forward::build("cpu")?;
    let python = python(&root().join("target/peers"))?;
    let mut script = Command::new(python);
    script
        .arg(root().join("scripts/bench_peers.py"))
        .arg("--ours")
        .arg(graft.get_program());
    script.args(arguments.iter().filter(|argument| *argument != FLAG));
    cargo::run(script)
}

/// The Python of a virtual environment with the peers, made where it is missing.
fn python(folder: &Path) -> Result<PathBuf, Failure> {
    let (bin, system) = if cfg!(windows) {
        ("Scripts", "python")
    } else {
        ("bin", "python3")
    };
    let python = folder
        .join(bin)
        .join("python")
        .with_extension(env::consts::EXE_EXTENSION);
    let done = folder.join("installed");
    if !done.exists() {
        let mut create = Command::new(system);
        create.args(["-m", "venv"]).arg(folder);
        cargo::run(create)?;
        let mut install = Command::new(&python);
        install
            .args(["-m", "pip", "install", "--quiet"])
            .args(PACKAGES);
        cargo::run(install)?;
        std::fs::write(&done, "")
            .map_err(|error| Failure::Spawn(format!("{}: {error}", done.display())))?;
    }
    Ok(python)
}
