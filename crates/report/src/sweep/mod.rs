//! Sweeps: experiments that are a TOML file, whose results are kept beside the runs, and what each of
//! them found. The verb `lab` measures them.
//!
//! A result's file holds the sweep, what was measured and on what; findings, charts and tables are
//! made from it alone, so that they say what the numbers say.

mod basis;
mod chart;
mod definition;
mod file;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod outcome;
mod rows;
mod wording;

pub use definition::{
    Axis, Cells, Compare, Half, Label, Pick, Plot, Scale, Split, Sweep, SweepError, Text,
};
pub use outcome::{Cell, Comparison, Measured, Outcome, Training};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Cached, Data, Machine, Origin};

/// The sweeps that come with graft, in the order in which the report has them.
pub const BUNDLED: [(&str, &str); 5] = [
    (
        "small-data",
        include_str!("../../../../recipes/labs/small-data.toml"),
    ),
    (
        "preprocessing",
        include_str!("../../../../recipes/labs/preprocessing.toml"),
    ),
    (
        "boundary",
        include_str!("../../../../recipes/labs/boundary.toml"),
    ),
    (
        "learning-rate",
        include_str!("../../../../recipes/labs/learning-rate.toml"),
    ),
    (
        "validation",
        include_str!("../../../../recipes/labs/validation.toml"),
    ),
];

/// The folder, in that of the results, of results on other data than all of MNIST.
pub const OTHER: &str = "other";

/// The sweeps that come with graft; a test holds that all of them can be read.
pub fn bundled() -> impl Iterator<Item = (&'static str, Sweep)> {
    BUNDLED
        .into_iter()
        .filter_map(|(name, text)| Some((name, Sweep::parse(name, text).ok()?)))
}

/// The result of a sweep, with all that is needed to judge it and to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The sweep's name.
    pub name: String,
    /// What it was asked for by: its name, or the path of its file.
    pub asked: String,
    /// The sweep itself.
    pub sweep: Sweep,
    /// The version of graft.
    pub graft: String,
    /// The commit of the sources that graft was built from; none where they are no checkout.
    pub commit: Option<String>,
    /// The command line.
    pub command: Vec<String>,
    /// What was overridden of the base recipe: its data and its seed.
    pub overrides: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Seconds in all.
    pub seconds: f64,
    /// What computed.
    pub machine: Machine,
    /// The training images.
    pub train: Images,
    /// The test images, which are opened to measure and never to choose a recipe by; none where
    /// accuracies are those on validation images.
    pub test: Option<Images>,
    /// Where the pretrained weights came from.
    pub origin: Origin,
    /// Every set of features that was used.
    pub passes: Vec<Pass>,
    /// What was measured.
    pub outcome: Outcome,
}

/// Images, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Which.
    pub data: Data,
    /// How many.
    pub count: usize,
}

/// Images through the backbone, or their features from the cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// What they are features of, and how.
    pub features: String,
    /// How many images.
    pub images: usize,
    /// `hit` where an earlier command had computed them.
    pub cached: Cached,
    /// Seconds.
    pub seconds: f64,
}

impl Results {
    /// The command that repeats it.
    #[must_use]
    pub fn command(&self) -> String {
        let set = |pair: &String| format!(" --set {pair}");
        let overrides: String = self.overrides.iter().map(set).collect();
        command(&self.asked) + &overrides
    }

    /// How many images went through a backbone, now or for an earlier command that left them in
    /// the cache.
    #[must_use]
    pub fn passed_images(&self) -> usize {
        self.passes.iter().map(|pass| pass.images).sum()
    }

    /// Seconds spent on features.
    #[must_use]
    pub fn feature_seconds(&self) -> f64 {
        self.passes.iter().map(|pass| pass.seconds).sum()
    }
}

/// The command that runs the sweep `name`.
#[must_use]
pub fn command(name: &str) -> String {
    format!("cargo xtask lab {name}")
}
