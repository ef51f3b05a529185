//! The network before and after the graft, layer by layer.

use serde::{Deserialize, Serialize};

/// One layer, as it was in the network, as it is in the run, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Where it stands: `block1`, `block2`, ..., `top` for the network's own classifier, `head` for the graft.
    pub block: String,
    /// Its name, such as `conv1_1`.
    pub name: String,
    /// What it does.
    pub kind: LayerKind,
    /// What became of it.
    pub part: Part,
    /// Weights and biases.
    pub parameters: u64,
    /// `[channels, height, width]` or `[values]` of its output in the network, for the images that
    /// it was trained on; none for layers of the graft.
    pub original: Option<Vec<usize>>,
    /// The same in the run, for its images; none for layers that were removed.
    pub output: Option<Vec<usize>>,
}

/// What a layer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    /// 3x3, padding 1, followed by a rectifier.
    Convolution,
    /// 2x2 maximum with a stride of 2.
    Pool,
    /// Maps to one row of values.
    Flatten,
    /// Maps to the mean of each.
    #[serde(rename = "average-pool")]
    AveragePool,
    /// Every value to mean 0 and deviation 1.
    Standardise,
    /// The signed square root of every value, and all of an image to one length.
    #[serde(rename = "power-l2")]
    PowerL2,
    /// Fully connected, followed by a rectifier.
    Hidden,
    /// Fully connected.
    Dense,
}

/// What became of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Kept as it was; its weights do not move.
    Frozen,
    /// Kept, and trained further.
    Trained,
    /// Cut off.
    Removed,
    /// Grafted on, and trained where it has weights.
    Grafted,
}
