//! What a run's `manifest.json` says: everything needed to know what was run, on what, with what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Layer, Scores};

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
    /// The commit that graft was built from when it started, if another one resumed it.
    #[serde(default)]
    pub started_by: Option<String>,
    /// Whether it was interrupted and resumed.
    #[serde(default)]
    pub resumed: bool,
    /// When it ended.
    pub ended: Timestamp,
    /// The name of the recipe.
    pub recipe: String,
    /// What computed.
    pub machine: Machine,
    /// The images of the training split.
    pub data: Data,
    /// How pictures are brought to the form of these images: `digit`, `plain`, or `same`, as the images
    /// themselves, which were pictures; records from before it
    /// was put down have none.
    #[serde(default)]
    pub pictures: Option<String>,
    /// The pretrained network, by its name in texts; records from before there were several have none.
    #[serde(default = "first_network")]
    pub network: String,
    /// Where its weights came from.
    pub origin: Origin,
    /// The network before and after the graft.
    pub layers: Vec<Layer>,
    /// The proof that the backbone did not train.
    pub backbone: WeightHashes,
    /// The features that it was trained on.
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
    /// What logits were divided by after that epoch, so that probabilities fit the held-out images; none where
    /// they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// What it was expected to cost; none where that was not measured, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// Bytes of the features that it was trained on, views included; older records have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features_bytes: Option<u64>,
    /// Seconds in all, of every process that worked on it.
    pub seconds: f64,
    /// Seconds a stage.
    pub stages: Stages,
}

/// What a run is expected to cost, from what was measured for a moment before it began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// How the features of views are had; none where there are no views.
    pub views: Option<ViewFeatures>,
    /// Seconds in all.
    pub seconds: f64,
    /// Seconds for features before training begins.
    pub features: f64,
    /// Seconds for training.
    pub training: f64,
    /// Bytes that the features take in the cache, those included that are there.
    pub features_bytes: u64,
    /// Memory that the process needs at least, in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
}

/// How the features of views are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewFeatures {
    /// Every view passes the frozen blocks once and is cached.
    Cached,
    /// A view passes the frozen blocks whenever an epoch sees it, and takes no disk.
    OnTheFly,
}

/// The network of records that name none.
fn first_network() -> String {
    "VGG16".to_owned()
}

/// What a run was computed on, and with which code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and architecture, such as `linux x86_64`.
    pub system: String,
    /// The CPU's name, where the system tells.
    pub processor: Option<String>,
    /// How many threads could be used.
    pub threads: usize,
    /// `cpu`, `wgpu` or `cuda`.
    pub backend: String,
    /// The name of the device that computed: the GPU's, or the CPU's.
    pub adapter: Option<String>,
    /// Its driver, where known.
    pub driver: Option<String>,
    /// The code for the forward pass, with its version.
    pub engine: String,
    /// The type that the frozen backbone computed in.
    pub dtype: String,
    /// The version of Burn; older records have none.
    #[serde(default)]
    pub burn: Option<String>,
    /// The compiler, as `rustc --version` names it; older records have none.
    #[serde(default)]
    pub rustc: Option<String>,
    /// The most memory that the process had resident, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// The data source whose files are pinned by their hashes, so that its name tells which images they
/// are; any other is a folder, which may hold others tomorrow.
pub const MNIST: &str = "mnist";

/// The images of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// `mnist`, or the folder that they came from.
    pub source: String,
    /// The folder or table of more pictures behind them; empty where there are none.
    #[serde(default)]
    pub extra: String,
    /// SHA-256 over dimensions and pixels.
    pub images: String,
    /// SHA-256 over the labels, a byte each.
    pub labels: String,
    /// Height of an image in pixels.
    pub rows: usize,
    /// Width of an image in pixels.
    pub columns: usize,
    /// How many classes the labels tell apart.
    pub classes: usize,
    /// 1 for grey images, 3 for colours.
    #[serde(default = "one")]
    pub channels: usize,
    /// The name of every class; none where labels are numbers alone.
    #[serde(default)]
    pub names: Vec<String>,
    /// The mean brightness of the images' outermost pixels, 0 to 255; older records have none.
    #[serde(default)]
    pub border: Option<u8>,
    /// Pictures that could not be read and were left out.
    #[serde(default)]
    pub left_out: usize,
}

/// The channels of records that name none.
fn one() -> usize {
    1
}

impl Data {
    /// The name of a class: its number, where there are no others.
    #[must_use]
    pub fn name(&self, class: usize) -> String {
        let name = self.names.get(class);
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    /// The name of every class.
    #[must_use]
    pub fn all_names(&self) -> Vec<String> {
        (0..self.classes).map(|class| self.name(class)).collect()
    }

    /// Whether the images are MNIST's, and no others.
    #[must_use]
    pub fn is_mnist(&self) -> bool {
        self.source == MNIST && self.extra.is_empty()
    }
}

/// The ONNX file that the weights were imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// The tool that wrote it, with its version.
    pub producer: String,
}

/// Whether the cache had the features already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cached {
    /// It had.
    Hit,
    /// It had not: every image went through the backbone.
    Miss,
}

impl Cached {
    /// `hit` or `miss`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// SHA-256 of the backbone's parameters in memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WeightHashes {
    /// Of each frozen stage's weights file.
    pub files: Vec<String>,
    /// Of all frozen parameters before training.
    pub before: String,
    /// Of all frozen parameters after training: the same.
    pub after: String,
    /// Stage by stage; records from before stages could be trained have none.
    #[serde(default)]
    pub stages: Vec<StageHashes>,
}

/// SHA-256 of a kept stage's parameters in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageHashes {
    /// Its name, such as `block1`.
    pub stage: String,
    /// Whether its weights learned.
    pub trained: bool,
    /// Before training.
    pub before: String,
    /// After it: the same where it was frozen, another where it was trained.
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
    /// Of how many images features were computed, where an entry for other images had those of the others.
    #[serde(default)]
    pub computed: Option<usize>,
    /// What it depends on.
    pub key: serde_json::Value,
    /// SHA-256 of its values.
    pub sha256: String,
}

/// Seconds a stage took.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Stages {
    /// Fetching, verifying and importing what was missing.
    pub fetch: f64,
    /// Features: computing and writing them, or reading and verifying them.
    pub features: f64,
    /// Training the head, checkpoints and metrics included.
    pub head: f64,
    /// Writing checkpoints and metrics meanwhile; 0 in records from before it was measured.
    #[serde(default)]
    pub checkpoints: f64,
}

impl Manifest {
    /// The version that this code writes.
    pub const FORMAT: u32 = 2;
}
