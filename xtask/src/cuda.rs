//! Building for CUDA: what it needs is looked for first, and what goes wrong is explained.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::cargo::{self, Failure};
use crate::{gpu, llvm};

const NO_DRIVER: &str = "\
no NVIDIA driver is loaded on this machine (neither /proc/driver/nvidia nor /dev/nvidia0 is there), so the CUDA backend has nothing to run on.
  next: install the driver until `nvidia-smi` lists the GPU, or use --backend wgpu or --backend cpu
  to build for another machine: cargo xtask build --backend cuda";

const COMPILER: &str = "a C++ compiler, which is not there as `c++`: install one (Debian: apt install g++), or name yours in the variable CXX";

/// What a build takes, with LLVM, in GB.
const DISK: u64 = 4;

/// Refuses to build for a machine that has nothing to run it on.
pub(crate) fn has_driver() -> Result<(), Failure> {
    if gpu::nvidia() {
        return Ok(());
    }
    Err(Failure::Spawn(NO_DRIVER.into()))
}

/// Names what a build in the target folder lacks, before it begins, and gets LLVM where its release
/// is out of reach.
pub(crate) fn prepare(target: &Path) -> Result<(), Failure> {
    let compiler =
        (cfg!(unix) && env::var_os("CXX").is_none() && !runs("c++")).then(|| COMPILER.to_owned());
    let needed: Vec<String> = compiler.into_iter().chain(disk(target)).collect();
    if !needed.is_empty() {
        return Err(Failure::Spawn(format!(
            "building for CUDA needs\n  {}",
            needed.join("\n  ")
        )));
    }
    llvm::prepare()
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.output().is_ok()
}

/// How much disk space a first build lacks; none where that cannot be told.
fn disk(target: &Path) -> Option<String> {
    if target.exists() {
        return None;
    }
    let folder = target.ancestors().find(|folder| folder.exists())?;
    let mut command = Command::new("df");
    let output = command.arg("-Pk").arg(folder).output().ok()?;
    let kibibytes = free(&String::from_utf8_lossy(&output.stdout))?;
    let free = kibibytes * 1024 / 1_000_000_000;
    (free < DISK).then(|| {
        format!(
            "{DISK} GB of disk space, and {} has {free} GB: free some, or set CARGO_TARGET_DIR to a folder on another disk",
            folder.display()
        )
    })
}

/// The free space that `df -Pk` prints, in KiB.
fn free(printed: &str) -> Option<u64> {
    let row = printed.lines().nth(1)?;
    row.split_whitespace().nth(3)?.parse().ok()
}

/// Runs the build and returns the command that starts what was built. Where it cannot download LLVM,
/// that comes from `PyPI`, and it is run again.
pub(crate) fn built(mut build: Command) -> Result<Command, Failure> {
    build.arg("--message-format=json-render-diagnostics");
    build.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut output, mut errors) = watched(&mut build)?;
    if !output.status.success() && llvm::advice(&errors) == Some(llvm::NO_DOWNLOAD) {
        llvm::from_pypi()?;
        (output, errors) = watched(&mut build)?;
    }
    if !output.status.success()
        && let Some(advice) = llvm::advice(&errors)
    {
        eprintln!("{}", llvm::shortened(&errors));
        return Err(Failure::Spawn(advice.into()));
    }
    eprint!("{errors}");
    cargo::program(output.status, &output.stdout)
}

/// Runs a build once: its messages, and its errors.
fn watched(build: &mut Command) -> Result<(Output, String), Failure> {
    let child = build.spawn();
    let failed = |error| cargo::not_run(build, &error);
    let mut child = child.map_err(failed)?;
    // Both are read as they come: cargo waits for a reader of either.
    let errors = child.stderr.take();
    let errors = thread::spawn(|| errors.map(|lines| shown(BufReader::new(lines))));
    let output = child.wait_with_output().map_err(failed)?;
    Ok((output, errors.join().ok().flatten().unwrap_or_default()))
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
    fn free_space_is_read_from_what_df_prints() {
        let posix = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        for (row, expected) in [
            (
                "/dev/vda 263935228 14048232 81767508 15% /\n",
                Some(81_767_508),
            ),
            ("overlay 1 1 0 100% /a folder\n", Some(0)),
            ("df: no such folder\n", None),
            ("", None),
        ] {
            assert_eq!(free(&format!("{posix}{row}")), expected, "{row}");
        }
    }

    #[test]
    fn what_is_not_there_does_not_run() {
        assert!(!runs("graft-has-no-such-compiler"));
    }

    #[test]
    fn progress_is_shown_and_errors_are_kept() {
        let lines = "   Compiling a\nerror: b\n   Compiling c\n";
        assert_eq!(shown(lines.as_bytes()), "error: b\n   Compiling c\n");
    }
}
