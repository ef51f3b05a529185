//! Facts about the machine and the process.

use std::fs;
use std::time::Duration;

/// The CPU's name; known on Linux only.
#[must_use]
pub fn cpu_name() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.trim().to_owned())
}

/// The memory that programs could still take, in bytes; known on Linux only.
#[must_use]
pub fn available_memory() -> Option<u64> {
    memory("/proc/meminfo", "MemAvailable:")
}

/// The most memory that this process has had resident so far, in bytes; known on Linux only.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    memory("/proc/self/status", "VmHWM:")
}

/// What the kernel's file says of `key`, in bytes.
fn memory(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The CPU time that all threads of this process have used so far; known on Linux only.
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15, counted behind the program's name, which is in brackets and may hold spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<u64>);
    let total = ticks.next()?.ok()? + ticks.next()?.ok()?;
    // The kernel's USER_HZ, which is 100 on every architecture that Rust's standard library knows.
    Some(Duration::from_millis(10 * total))
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
    fn cpu_time_grows_with_work() {
        if cfg!(target_os = "linux") {
            let before = cpu_time().unwrap();
            let mut sum = 0_u64;
            while cpu_time().unwrap() < before + Duration::from_millis(50) {
                sum = std::hint::black_box(sum + 1);
            }
        }
    }
}
