//! Labs: small experiments whose results are kept beside the runs, and what each of them found.
//!
//! A lab's file holds what was measured and on what; findings, charts and tables are made from it
//! alone, so that they say what the numbers say.

mod basis;
mod boundary;
mod cell;
pub(crate) mod file;
mod learning_rate;
mod outcome;
mod preparation;
mod preprocessing;
mod small_data;
mod trained;
mod validation;
mod wording;

pub use basis::Basis;
pub use boundary::{Block, Boundary, Chosen};
pub use cell::{Cell, Measured, Row, Training, best};
pub use learning_rate::LearningRate;
pub use outcome::Outcome;
pub use preparation::{Fit, Preparation, Scaling};
pub use preprocessing::Preprocessing;
pub use small_data::{Against, Input, Shown, SmallData};
pub use validation::{Halves, Validation};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Language;
use crate::chart::Chart;
use crate::record::{Cached, Data, Machine, Origin};

/// The labs, in the order in which the report has them.
pub const NAMES: [&str; 5] = [
    "small-data",
    "preprocessing",
    "boundary",
    "learning-rate",
    "validation",
];

/// The folder, in that of the labs, of results on other data than all of MNIST.
pub const OTHER: &str = "other";

/// The result of a lab, with all that is needed to judge it and to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// The version of graft.
    pub graft: String,
    /// The commit of the sources that graft was built from; none where they are no checkout.
    pub commit: Option<String>,
    /// The command line.
    pub command: Vec<String>,
    /// What was overridden of the seed recipe: its data and its seed.
    pub overrides: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Seconds in all.
    pub seconds: f64,
    /// Seconds of them spent on features.
    pub feature_seconds: f64,
    /// What computed.
    pub machine: Machine,
    /// The training images.
    pub train: Data,
    /// How many there are.
    pub train_images: usize,
    /// The test images. Every lab opens them, to measure and never to choose a recipe by.
    pub test: Data,
    /// How many there are.
    pub test_images: usize,
    /// Where the pretrained weights came from.
    pub origin: Origin,
    /// Every set of features that the lab used.
    pub passes: Vec<Pass>,
    /// What was measured.
    pub outcome: Outcome,
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

impl Lab {
    /// Its name, one of [`NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.outcome.name()
    }

    /// What it found, in one sentence.
    #[must_use]
    pub fn finding(&self, language: Language) -> String {
        match &self.outcome {
            Outcome::SmallData(lab) => lab.finding(language),
            Outcome::Preprocessing(lab) => lab.finding(language),
            Outcome::Boundary(lab) => lab.finding(language),
            Outcome::LearningRate(lab) => lab.finding(language),
            Outcome::Validation(lab) => lab.finding(language),
        }
        .unwrap_or_else(|| wording::nothing(language))
    }

    /// What it measured, drawn.
    #[must_use]
    pub fn charts(&self, language: Language) -> Vec<Chart> {
        vec![match &self.outcome {
            Outcome::SmallData(lab) => lab.chart(language),
            Outcome::Preprocessing(lab) => lab.chart(language),
            Outcome::Boundary(lab) => lab.chart(language),
            Outcome::LearningRate(lab) => lab.chart(language),
            Outcome::Validation(lab) => lab.chart(language),
        }]
    }

    /// What it measured, a row a cell.
    #[must_use]
    pub fn rows(&self, language: Language) -> Vec<Row> {
        match &self.outcome {
            Outcome::SmallData(lab) => lab.rows(language),
            Outcome::Preprocessing(lab) => lab.rows(language),
            Outcome::Boundary(lab) => lab.rows(language),
            Outcome::LearningRate(lab) => lab.rows(language),
            Outcome::Validation(lab) => lab.rows(language),
        }
    }

    /// The command that repeats it.
    #[must_use]
    pub fn command(&self) -> String {
        let set = |pair: &String| format!(" --set {pair}");
        let overrides: String = self.overrides.iter().map(set).collect();
        command(self.name()) + &overrides
    }

    /// How many images went through a backbone, now or for an earlier command that left them in
    /// the cache.
    #[must_use]
    pub fn passed_images(&self) -> usize {
        self.passes.iter().map(|pass| pass.images).sum()
    }
}

/// The command that runs the lab `name`.
#[must_use]
pub fn command(name: &str) -> String {
    format!("cargo xtask lab {name}")
}
