//! Building for CUDA: what it needs is looked for first, and what goes wrong is explained.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use crate::cargo::{self, Failure};
use crate::{gpu, llvm};

const NO_DRIVER: &str = "\
no NVIDIA driver is loaded on this machine (neither /proc/driver/nvidia nor /dev/nvidia0 is there), so the CUDA backend has nothing to run on.
  next: install the driver until `nvidia-smi` lists the GPU, or use --backend wgpu or --backend cpu
  to build for another machine: cargo build --release -p graft --no-default-features --features cuda";

/// Refuses a build that is of no use here, or that cannot succeed.
pub(crate) fn possible() -> Result<(), Failure> {
    if !gpu::nvidia() {
        return Err(Failure::Spawn(NO_DRIVER.into()));
    }
    if !llvm::can_be_had() {
        return Err(Failure::Spawn(llvm::NO_DOWNLOAD.into()));
    }
    Ok(())
}

/// Runs the build and returns the command that starts what was built.
pub(crate) fn built(mut build: Command) -> Result<Command, Failure> {
    build.arg("--message-format=json-render-diagnostics");
    build.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = build.spawn();
    let failed = |error| cargo::not_run(&build, &error);
    let mut child = child.map_err(failed)?;
    // Both are read as they come: cargo waits for a reader of either.
    let errors = child.stderr.take();
    let errors = thread::spawn(|| errors.map(|lines| shown(BufReader::new(lines))));
    let output = child.wait_with_output().map_err(failed)?;
    let errors = errors.join().ok().flatten().unwrap_or_default();
    if !output.status.success()
        && let Some(advice) = llvm::advice(&errors)
    {
        eprintln!("{}", llvm::shortened(&errors));
        return Err(Failure::Spawn(advice.into()));
    }
    eprint!("{errors}");
    cargo::program(output.status, &output.stdout)
}

/// Shows cargo's progress as it comes, and keeps what comes from the first error on.
fn shown(lines: impl BufRead) -> String {
    let mut kept = String::new();
    for line in lines.lines().map_while(Result::ok) {
        if kept.is_empty() && !line.starts_with("error") {
            // A reader that has gone away is no failure.
            let _ = writeln!(std::io::stderr(), "{line}");
        } else {
            kept += &line;
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_and_errors_are_kept() {
        let lines = "   Compiling a\nerror: b\n   Compiling c\n";
        assert_eq!(shown(lines.as_bytes()), "error: b\n   Compiling c\n");
    }
}
