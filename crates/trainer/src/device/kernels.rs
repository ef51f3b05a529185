//! Kernels that were tuned before, and how much is tried to tune new ones.
//!
//! The first use of a matrix product or a convolution of a new shape tries the kernels that could
//! do it and keeps the fastest. Burn 0.22 cannot be told at run time to try none.

use std::path::Path;

use cubecl::config::autotune::AutotuneLevel;
use cubecl::config::cache::CacheConfig;
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

use super::{Adapter, Kind};

/// Sets where results of tuning are kept, one file a device and driver, and how long is tried.
/// What a `cubecl.toml` or the environment says about tuning stays as it is. Only the first call
/// in a process counts, and it must come before a device is opened.
pub(super) fn keep_in(folder: &Path, adapter: &Adapter) {
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    config.environment.path = CacheConfig::Directory(folder.to_owned());
    config.environment.name = name(adapter);
    config.compilation.cache = true;
    if adapter.kind == Kind::Software {
        // Compiling a kernel takes it longer than running a slow one: the first that is near what
        // the device can do is taken, and each is timed once.
        config.autotune.level = AutotuneLevel::Minimal;
        config.autotune.bench.min_samples = 1;
        config.autotune.bench.max_samples = 1;
        config.autotune.bench.short_circuit_samples = 1;
    }
    if !CubeClRuntimeConfig::try_set(config) {
        tracing::debug!("the tuning of kernels was configured before");
    }
}

/// A file name for a device with a driver.
fn name(adapter: &Adapter) -> String {
    let whole = format!("{} {:?}", adapter.name, adapter.driver);
    graft_durable::sha256(whole.as_bytes())[..16].to_owned()
}
