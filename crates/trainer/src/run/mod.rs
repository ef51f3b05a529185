//! A run's folder: the recipe, a line of metrics an epoch, the head, and the manifest that is
//! written last. Where the manifest is, the run is complete.

mod complete;
mod error;
mod manifest;
mod started;

pub use complete::Run;
pub use error::RunError;
pub use manifest::{CacheEntry, HeadHashes, Manifest, Stages, WeightHashes};
pub use started::Started;
pub(crate) use started::write_json;

/// The complete recipe.
pub const RECIPE: &str = "recipe.toml";
/// One JSON object an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The trained head.
pub const HEAD: &str = "head.safetensors";
/// The record, written last.
pub const MANIFEST: &str = "manifest.json";
