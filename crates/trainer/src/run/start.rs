//! What a run started with, written first: a run that is resumed must find the same.

use std::fs;
use std::path::Path;

use graft_report::record::Data;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RunError, sealed};

/// The file's name in the run's folder.
pub(super) const START: &str = "start.json";

/// Everything outside the recipe that the result depends on, and how the run was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The version of graft.
    pub graft: String,
    /// The command line.
    pub command: Vec<String>,
    /// When.
    pub started: Timestamp,
    /// The name of the recipe.
    pub recipe: String,
    /// SHA-256 of `recipe.toml`.
    pub recipe_sha256: String,
    /// The images of the training split.
    pub data: Data,
    /// SHA-256 of each weights file.
    pub weights: Vec<String>,
    /// SHA-256 of the features.
    pub features: String,
    /// What computes.
    pub backend: String,
}

impl Start {
    /// Reads that of the run in `folder`.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub(super) fn read(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(START);
        let text = fs::read(&path).map_err(graft_durable::Error::on("read", &path))?;
        sealed::from_bytes(&text).map_err(|found| RunError::Unfinished {
            path,
            expected: "what the run started with".into(),
            found,
            next: "train again".into(),
        })
    }

    /// Refuses to go on, in the run in `folder`, with other things than it started with.
    ///
    /// # Errors
    /// [`RunError::Changed`], naming the first that is another.
    pub(super) fn check(&self, now: &Self, folder: &Path) -> Result<(), RunError> {
        let differ = [
            ("the version", self.graft.clone(), now.graft.clone()),
            ("the backend", self.backend.clone(), now.backend.clone()),
            (
                "the data",
                format!("{:?}", self.data),
                format!("{:?}", now.data),
            ),
            ("the weights", self.weights.join(" "), now.weights.join(" ")),
            ("the features", self.features.clone(), now.features.clone()),
        ];
        match differ.into_iter().find(|(_, then, now)| then != now) {
            Some((what, then, now)) => Err(RunError::Changed {
                run: folder.to_owned(),
                what: what.into(),
                then,
                now,
            }),
            None => Ok(()),
        }
    }
}
