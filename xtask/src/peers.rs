//! `cargo xtask bench --peers`: ours and six other frameworks, in turn, on the same weights and images; with
//! `--train`, steps of training instead of the forward pass.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Failure, root};
use crate::forward;

const FLAG: &str = "--peers";
const TRAIN: &str = "--train";
const PACKAGES: [&str; 8] = [
    "numpy",
    "onnx",
    "onnxruntime",
    "openvino",
    "MNN",
    "ncnn",
    "torch",
    "tensorflow-cpu",
];

/// Whether the user asked for it.
pub(crate) fn wanted(arguments: &[OsString]) -> bool {
    has(arguments, FLAG) || has(arguments, TRAIN)
}

fn has(arguments: &[OsString], flag: &str) -> bool {
    arguments.iter().any(|argument| argument == flag)
}

/// Installs the peers below `target` where they are missing, then runs the script; what follows
/// `--peers` goes to it. `--train` alone needs no peers.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let rest = |argument: &&OsString| *argument != FLAG && *argument != TRAIN;
    let rest = arguments.iter().filter(rest);
    let (script, ours) = if has(arguments, TRAIN) {
        let mut step = train_step()?;
        if !has(arguments, FLAG) {
            step.args(rest);
            return cargo::become_program(step);
        }
        ("scripts/bench_train.py", step)
    } else {
        forward::fetch("train")?;
        ("scripts/bench_peers.py", forward::build(&["cpu"])?)
    };
    let python = python(&root().join("target/peers"))?;
    let mut bench = Command::new(python);
    bench
        .arg(root().join(script))
        .arg("--ours")
        .arg(ours.get_program());
    bench.args(rest);
    cargo::run(bench)
}

/// The example of `graft-winograd` that times steps of training, built.
fn train_step() -> Result<Command, Failure> {
    let mut build = cargo::cargo("build");
    build.args(["--release", "--package", "graft-winograd"]);
    build.args(["--example", "train_step"]);
    cargo::built(build)
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
    let packages = PACKAGES.join("\n");
    if !std::fs::read_to_string(&done).is_ok_and(|installed| installed == packages) {
        let mut create = Command::new(system);
        create.args(["-m", "venv"]).arg(folder);
        cargo::run(create)?;
        let mut install = Command::new(&python);
        install
            .args(["-m", "pip", "install", "--quiet"])
            .args(PACKAGES);
        cargo::run(install)?;
        std::fs::write(&done, packages)
            .map_err(|error| Failure::Spawn(format!("{}: {error}", done.display())))?;
    }
    Ok(python)
}
