//! Building for CUDA: what it needs is looked for first, and what goes wrong is explained.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cards;
use crate::cargo::{self, Failure};

/// The LLVM that `cubecl-llvm` 0.11 has its build script download.
const LLVM: &str = "23.1.0-4";
/// Where it lies.
const HOST: &str = "github.com:443";
/// How long to wait for the host.
const PATIENCE: Duration = Duration::from_secs(4);
/// The crates whose build scripts need it.
const SCRIPTS: [&str; 3] = ["tracel-llvm-bundler", "cubecl-llvm", "tracel_llvm_bundler"];

const NO_DRIVER: &str = "\
no NVIDIA driver is loaded on this machine (neither /proc/driver/nvidia nor /dev/nvidia0 is there), so the CUDA backend has nothing to run on.
  next: install the driver until `nvidia-smi` lists the card, or use --backend wgpu or --backend cpu
  to build for another machine: cargo build --release -p graft-trainer --no-default-features --features cuda";

const NO_LLVM: &str = "\
building for CUDA needs LLVM 23.1.0-4, which the build of the crate cubecl-llvm downloads from
https://github.com/tracel-ai/tracel-llvm/releases/download/v23.1.0-4/ and that does not work from here.
  next: set HTTPS_PROXY if the network has a proxy, or put the two files for this system, as in
    linux-x64.tar.xz          ->  ~/.cache/tracel/tracel-llvm-23.1.0-4-linux-x64.tar.xz
    linux-x64.checksums.json  ->  ~/.cache/tracel/tracel-llvm-23.1.0-4-linux-x64.checksums.json
  in place by hand, set TRACEL_LLVM_BUNDLER_SKIP_CHECKSUM_DOWNLOAD=1, and try again;
  or use --backend wgpu, which needs none of this. docs/backends.md says more.";

/// Runs the build and returns the command that starts what was built.
pub(crate) fn built(mut build: Command) -> Result<Command, Failure> {
    if !cards::nvidia() {
        return Err(Failure::Spawn(NO_DRIVER.into()));
    }
    if !llvm_is_here() && !proxied() && !reachable(HOST) {
        return Err(Failure::Spawn(NO_LLVM.into()));
    }
    build
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = build
        .spawn()
        .map_err(|error| Failure::Spawn(format!("cannot run cargo: {error}")))?;
    // Both are read as they come: cargo waits for a reader of either.
    let errors = child.stderr.take();
    let errors = thread::spawn(|| errors.map(|lines| shown(BufReader::new(lines))));
    let output = child
        .wait_with_output()
        .map_err(|error| Failure::Spawn(format!("cannot run cargo: {error}")))?;
    let errors = errors.join().ok().flatten().unwrap_or_default();
    if !output.status.success() && is_llvm(&errors) {
        return Err(Failure::Spawn(NO_LLVM.into()));
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

/// Whether cargo's errors are those of a build script that did not get LLVM.
fn is_llvm(errors: &str) -> bool {
    let first = errors.lines().find(|line| line.starts_with("error"));
    first.is_some_and(|line| {
        line.contains("custom build command") && SCRIPTS.iter().any(|name| line.contains(name))
    })
}

/// Whether LLVM was installed by an earlier build, or its archive put in place by hand.
fn llvm_is_here() -> bool {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
    let Some(home) = home.map(PathBuf::from) else {
        return false;
    };
    let data =
        env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let installed = data.join(format!("tracel/tracel-llvm-{LLVM}/.tracel-llvm-installed"));
    let archives = home.join(".cache/tracel").read_dir().into_iter().flatten();
    installed.exists()
        || archives.flatten().any(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with(&format!("tracel-llvm-{LLVM}-")) && name.ends_with(".tar.xz")
        })
}

/// Whether a proxy is set, behind which names need not resolve here.
fn proxied() -> bool {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    names.iter().any(|name| env::var_os(name).is_some())
}

fn reachable(host: &str) -> bool {
    let addresses = host.to_socket_addrs().into_iter().flatten();
    addresses
        .take(2)
        .any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_script_without_llvm_is_recognised() {
        for (errors, expected) in [
            (
                "error: failed to run custom build command for `tracel-llvm-bundler v23.1.0-4`\nnote: To improve backtraces\n\nCaused by:\n  process didn't exit successfully\n\n  thread 'main' panicked at build.rs:66:37",
                true,
            ),
            (
                "error: failed to run custom build command for `cubecl-llvm v0.11.3`",
                true,
            ),
            (
                "error: failed to run custom build command for `ring v0.17`",
                false,
            ),
            ("error[E0308]: mismatched types in cubecl-llvm", false),
            ("", false),
        ] {
            assert_eq!(is_llvm(errors), expected, "{errors}");
        }
    }

    #[test]
    fn progress_is_shown_and_errors_are_kept() {
        let lines = "   Compiling a\nerror: b\n   Compiling c\n";
        assert_eq!(shown(lines.as_bytes()), "error: b\n   Compiling c\n");
    }
}
