//! A run's folder: the recipe, a line of metrics an epoch, the head, and the manifest that is
//! written last. Where the manifest is, the run is complete.

mod error;
mod folder;
mod manifest;

pub use error::RunError;
pub(crate) use folder::write_json;
pub use folder::{HEAD, MANIFEST, METRICS, RECIPE, Run, Started};
pub use manifest::{CacheEntry, HeadHashes, Manifest, Stages, WeightHashes};
