//! Facts about the machine and the process, for the record of a run.

use std::env;
use std::path::Path;
use std::process::Command;

use graft_backbone::CpuBackbone;
use graft_report::record::Machine;

use graft_compute::BURN;
use graft_compute::ComputeContext;
use graft_environment::{peak_memory, processor};
use graft_recipe::Precision;

/// This machine, and what `compute` makes of it in a precision.
#[must_use]
pub fn machine(compute: &ComputeContext, precision: Precision) -> Machine {
    Machine {
        system: format!("{} {}", env::consts::OS, env::consts::ARCH),
        processor: processor(),
        threads: CpuBackbone::threads(),
        backend: compute.backend.name().into(),
        adapter: Some(compute.adapter.name.clone()),
        driver: compute.adapter.driver.clone(),
        engine: compute.engine.version(),
        dtype: precision.to_string(),
        burn: Some(BURN.into()),
        rustc: rustc(),
        peak_memory_bytes: peak_memory(),
    }
}

/// The compiler that built this program, where it told the build script its version.
fn rustc() -> Option<String> {
    let version = env!("GRAFT_RUSTC");
    (!version.is_empty()).then(|| version.to_owned())
}

/// The commit of the sources that this program was built from, with `-dirty` where tracked files
/// were changed; none where they are no checkout, or are no longer where they were.
#[must_use]
pub fn commit() -> Option<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let git = Command::new("git")
        .arg("-C")
        .arg(&sources)
        .args([
            "describe",
            "--always",
            "--abbrev=40",
            "--exclude=*",
            "--dirty",
        ])
        .output()
        .ok()?;
    let text = String::from_utf8(git.stdout).ok()?;
    (git.status.success() && sources.join(".git").exists()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_is_one() {
        let rustc = rustc().unwrap();
        let version = rustc.strip_prefix("rustc ").unwrap();
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{rustc}");
    }

    #[test]
    fn a_commit_is_forty_digits() {
        if let Some(commit) = commit() {
            let hash = commit.trim_end_matches("-dirty");
            assert!(
                hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{commit}"
            );
        }
    }
}
