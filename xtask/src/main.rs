//! Graft's tasks: parse, match, spawn. `cargo xtask help` lists them.
//!
//! Add no dependencies: whatever this crate needs, every command waits for.

mod backend;
mod cargo;
mod cuda;
mod faults;
mod forward;
mod gpu;
mod llvm;
mod page;
mod peers;
mod test;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask VERB [OPTION]...

  train, plan, find-rate, eval, report, audit, lab, runs, compare, predict, serve, export, fetch, import, manifest,
  extract, gather, cache, doctor
          build graft and forward everything to it;
          `cargo xtask train --help` shows what it takes
          --backend cpu|wgpu|cuda   what to build it for (default: cpu); for the verbs that use a device:
                                    train, plan, find-rate, eval, extract, gather, audit, predict,
                                    serve, lab, bench, doctor
  build   build graft for --backend NAME, or NAME,NAME... for several in one program, run nothing, and say
          where it is; this machine needs no GPU, so that it can be carried to one that has
          --stores  with object stores (S3, Google Cloud Storage, Azure) for manifest, extract and gather
  bench   measure how fast features are computed
          --peers  also ONNX Runtime, OpenVINO, MNN, ncnn, PyTorch and TensorFlow, which are installed
                   first (gigabytes)
          --train  steps of training on the CPU instead; with --peers in turn with PyTorch and TensorFlow
  page    export a run as a page that computes in the browser, to target/page; takes what export takes, and
          needs Rust's standard library for browsers: rustup target add wasm32-unknown-unknown
  test    fetch what the tests need and run all of them
          --full   also with new exports by Keras and PyTorch, which are installed first (gigabytes)
  faults  only the tests with damaged files, full disks and killed processes, with their figures
          --long   ten times as many mutated files and kills, and a million files of MNIST's format
  help    show this";

/// Exit codes: 0 done, 1 failed, 2 wrong usage; that of graft where graft was run.
fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.to_string_lossy(), rest),
        None => ("help".into(), &[][..]),
    };
    let done = match verb.as_ref() {
        "bench" if peers::wanted(rest) => peers::run(rest),
        "train" | "plan" | "find-rate" | "eval" | "report" | "lab" | "runs" | "compare"
        | "predict" | "serve" | "audit" | "export" | "fetch" | "import" | "manifest"
        | "extract" | "gather" | "cache" | "bench" | "doctor" => forward::run(&verb, rest),
        "help" | "--help" | "-h" | "build" | "page" | "test" | "faults"
            if wants_help(&verb, rest) =>
        {
            // A reader that has gone away is no failure.
            let _ = writeln!(io::stdout(), "{HELP}");
            Ok(())
        }
        "build" => forward::only_build(rest),
        "page" => page::run(rest),
        "test" => test::run(rest),
        "faults" => faults::run(rest),
        unknown => Err(cargo::Failure::Usage(format!(
            "unknown verb `{unknown}`; try `cargo xtask help`"
        ))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Whether to show the help: asked for by name, or by an option of our own verbs.
fn wants_help(verb: &str, rest: &[OsString]) -> bool {
    let asked = |argument: &OsString| argument == "--help" || argument == "-h";
    !matches!(verb, "build" | "page" | "test" | "faults") || rest.iter().any(asked)
}
