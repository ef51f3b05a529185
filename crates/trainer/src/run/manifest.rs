//! What a run's `manifest.json` says: everything needed to know what was run, on what, with what.

use graft_onnx_import::weights::Source;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backend::Backend;
use crate::cache::Key;
use crate::extract::Cached;
use crate::fit::Scores;

/// The record of a finished training run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file's layout.
    pub format: u32,
    /// The version of graft.
    pub graft: String,
    /// The commit of the sources that graft was built from, with `-dirty` where files were changed;
    /// none where they are no checkout or are gone.
    pub commit: Option<String>,
    /// The command line.
    pub command: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The name of the recipe.
    pub recipe: String,
    /// What computed.
    pub backend: Backend,
    /// The code for the forward pass, with its version.
    pub engine: String,
    /// How many threads it could use.
    pub threads: usize,
    /// Where the VGG16 weights came from.
    pub source: Source,
    /// The proof that the backbone did not train.
    pub backbone: WeightHashes,
    /// The features that it learned from.
    pub cache: CacheEntry,
    /// The proof that the head did.
    pub head: HeadHashes,
    /// Training images.
    pub trained_on: usize,
    /// Held-out images.
    pub validated_on: usize,
    /// The epoch whose weights were kept.
    pub kept_epoch: usize,
    /// Its scores over the training images.
    pub train: Scores,
    /// Its scores over the held-out images.
    pub validation: Option<Scores>,
    /// Seconds in all.
    pub seconds: f64,
    /// Seconds a stage.
    pub stages: Stages,
    /// The most memory that the process had resident, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// SHA-256 of the backbone's parameters in memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WeightHashes {
    /// Of each weights file.
    pub files: Vec<String>,
    /// Of all parameters before training.
    pub before: String,
    /// Of all parameters after training: the same.
    pub after: String,
}

/// SHA-256 of the head's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeadHashes {
    /// Of the head before its first step.
    pub before: String,
    /// Of `head.safetensors`.
    pub after: String,
}

/// The cache entry that was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CacheEntry {
    /// Whether it was there already.
    pub result: Cached,
    /// What it depends on.
    pub key: Key,
    /// SHA-256 of its values.
    pub sha256: String,
}

/// Seconds a stage took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Stages {
    /// Fetching, verifying and importing what was missing.
    pub fetch: f64,
    /// Features: computing and writing them, or reading and verifying them.
    pub features: f64,
    /// Training the head.
    pub head: f64,
}

impl Manifest {
    /// The version that this code writes.
    pub const FORMAT: u32 = 1;
}
