//! What a whole `train` of the seed recipe costs: from an empty cache, and again from a full one.

use std::path::Path;

use graft_report::record::{Manifest, Stages};
use serde::Serialize;

use anyhow::Error;
use graft_compute::Compute;
use graft_environment::Paths;
use graft_recipe::Recipe;
use graft_trainer::pipeline::{Order, train};
use graft_trainer::sources::Sources;

/// A `train` from an empty cache and a second one.
#[derive(Debug, Serialize)]
pub(crate) struct Whole {
    /// The first, which computes all features.
    pub(crate) cold: Cost,
    /// The second, which reads them.
    pub(crate) warm: Cost,
}

/// What one run costs.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    /// Seconds in all.
    pub(crate) seconds: f64,
    /// Seconds a stage.
    pub(crate) stages: Stages,
    /// The most memory that the process has had resident so far, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
}

/// Trains `recipe` twice with cache and runs in a scratch folder.
///
/// # Errors
/// As [`train`].
pub(crate) fn whole(
    recipe: &Recipe,
    compute: &Compute,
    home: &Paths,
    sources: &mut Sources,
    scratch: &Path,
) -> Result<Whole, Error> {
    let home = home.with_results_in(scratch);
    let mut cost = || {
        let order = Order {
            name: "bench",
            recipe,
            compute,
            home: &home,
            unfinished: None,
        };
        Ok::<_, Error>(Cost::of(train(order, sources, |_| Ok(()))?.run.manifest()))
    };
    Ok(Whole {
        cold: cost()?,
        warm: cost()?,
    })
}

impl Cost {
    fn of(manifest: &Manifest) -> Self {
        let Manifest {
            seconds, stages, ..
        } = *manifest;
        Self {
            seconds,
            stages,
            peak_memory_bytes: manifest.machine.peak_memory_bytes,
        }
    }
}
