//! Kernels that were tuned before, and how much is tried to tune new ones.
//!
//! The first use of a matrix product or a convolution of a new shape tries the kernels that could
//! do it and keeps the fastest; the result is kept on disk. Burn 0.22 cannot be told at run time to
//! try none.

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
        // The usual levels first measure how fast the device's memory is, with more of it than a
        // software device has; this one does not. It tries every kernel, so each is timed once.
        config.autotune.level = AutotuneLevel::Full;
        config.autotune.bench.min_samples = 1;
        config.autotune.bench.max_samples = 1;
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
