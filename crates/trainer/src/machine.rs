//! Facts about the machine and the process, for the record of a run.

use std::env;
use std::sync::OnceLock;

use graft_backbone::CpuStages;
use graft_report::record::Machine;

use graft_compute::BURN;
use graft_compute::{ComputeContext, Engine};
use graft_environment::{cpu_name, peak_memory};
use graft_recipe::Backbone;

/// This machine, and what `compute` makes of it for such a backbone.
#[must_use]
pub fn machine(compute: &ComputeContext, backbone: Backbone) -> Machine {
    let frozen = compute.engine.version();
    let is_trained = backbone.cut() != backbone.boundary;
    Machine {
        system: format!("{} {}", env::consts::OS, env::consts::ARCH),
        processor: cpu_name(),
        threads: CpuStages::threads(),
        backend: compute.backend.name().into(),
        adapter: Some(compute.adapter.name.clone()),
        driver: compute.adapter.driver.clone(),
        engine: match compute.engine {
            Engine::TensorCores if is_trained => {
                format!("{frozen}, trained blocks {}", Engine::Burn.version())
            }
            _ => frozen,
        },
        dtype: backbone.precision.to_string(),
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

static COMMIT: OnceLock<&str> = OnceLock::new();

/// Says from which commit the program was built, with `-dirty` where tracked files were changed; empty
/// where its sources were no checkout. Only its build script knows.
pub fn set_commit(commit: &'static str) {
    let _ = COMMIT.set(commit);
}

/// The commit that the program was built from, if that was said.
#[must_use]
pub fn commit() -> Option<String> {
    let commit = COMMIT.get().filter(|commit| !commit.is_empty());
    commit.map(|commit| (*commit).to_owned())
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
}
