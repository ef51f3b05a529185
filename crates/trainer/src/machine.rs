//! Facts about the machine and the process, for the record of a run.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use graft_backbone::CpuBackbone;
use graft_report::record::Machine;

use crate::compute::Compute;
use crate::device::Precision;
use crate::engine::BURN;

/// This machine, and what `compute` makes of it in a precision.
pub(crate) fn machine(compute: &Compute, precision: Precision) -> Machine {
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

/// The processor's name; known on Linux only.
pub(crate) fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.trim().to_owned())
}

/// The memory that programs could still take, in bytes; known on Linux only.
pub(crate) fn available_memory() -> Option<u64> {
    memory("/proc/meminfo", "MemAvailable:")
}

/// The most memory that this process has had resident so far, in bytes; known on Linux only.
pub(crate) fn peak_memory() -> Option<u64> {
    memory("/proc/self/status", "VmHWM:")
}

/// What the kernel's file says of `key`, in bytes.
fn memory(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The processor time that all threads of this process have used so far; known on Linux only.
pub(crate) fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15, counted behind the program's name, which is in brackets and may hold spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<u64>);
    let total = ticks.next()?.ok()? + ticks.next()?.ok()?;
    // The kernel's USER_HZ, which is 100 on every architecture that Rust's standard library knows.
    Some(Duration::from_millis(10 * total))
}

/// The commit of the sources that this program was built from, with `-dirty` where tracked files
/// were changed; none where they are no checkout, or are no longer where they were.
pub(crate) fn commit() -> Option<String> {
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
    fn memory_is_plausible() {
        if cfg!(target_os = "linux") {
            let bytes = peak_memory().unwrap();
            assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
        }
    }

    #[test]
    fn processor_time_grows_with_work() {
        if cfg!(target_os = "linux") {
            let before = cpu_time().unwrap();
            let mut sum = 0_u64;
            while cpu_time().unwrap() < before + Duration::from_millis(50) {
                sum = std::hint::black_box(sum + 1);
            }
        }
    }

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
