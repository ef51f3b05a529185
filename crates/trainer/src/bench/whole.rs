//! What a whole `train` of the seed recipe costs: from an empty cache, and again from a full one.

use std::path::Path;

use graft_report::record::{Manifest, Stages};
use serde::Serialize;

use crate::Error;
use crate::compute::Compute;
use crate::home::Home;
use crate::pipeline::{TrainConfig, train};
use crate::recipe::Recipe;
use crate::sources::Sources;

/// A `train` from an empty cache and a second one.
#[derive(Debug, Serialize)]
pub struct Whole {
    /// The first, which computes all features.
    pub cold: Cost,
    /// The second, which reads them.
    pub warm: Cost,
}

/// What one run costs.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// Seconds in all.
    pub seconds: f64,
    /// Seconds a stage.
    pub stages: Stages,
    /// The most memory that the process has had resident so far, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// Trains `recipe` twice with cache and runs in a scratch folder.
///
/// # Errors
/// As [`train`].
pub fn whole(
    recipe: &Recipe,
    compute: &Compute,
    home: &Home,
    sources: &mut Sources,
    scratch: &Path,
) -> Result<Whole, Error> {
    let home = home.with_results_in(scratch);
    let mut cost = || {
        let config = TrainConfig {
            name: "bench",
            recipe,
            compute,
            home: &home,
            resume: None,
        };
        Ok::<_, Error>(Cost::of(train(config, sources, |_| Ok(()))?.run.manifest()))
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
