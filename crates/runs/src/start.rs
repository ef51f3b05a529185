//! What a run started with: one that is resumed must find the same.

use std::path::Path;

use graft_report::record::Data;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::RunError;

/// Everything outside the recipe that the result depends on, and how the run was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The version of graft.
    pub graft: String,
    /// The commit of its sources, where they are a checkout.
    pub commit: Option<String>,
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
    /// What computes.
    pub backend: String,
    /// SHA-256 of the features, once they are known.
    pub features: Option<String>,
}

impl Start {
    /// Refuses to resume the run in `folder` with other things than it started with. Another
    /// commit of the same version is no other thing, for a mended comment must cost nobody a training;
    /// but whether it computes the same nobody knows, and that is said.
    ///
    /// # Errors
    /// [`RunError::Changed`], naming the first that is another.
    pub(crate) fn check(&self, now: &Self, folder: &Path) -> Result<(), RunError> {
        let facts = self.facts().into_iter().zip(now.facts());
        for ((what, then), (_, now)) in facts {
            // Features may not be known yet.
            if then != now && !now.is_empty() {
                return Err(RunError::Changed {
                    run: folder.to_owned(),
                    what: what.into(),
                    then,
                    now,
                });
            }
        }
        let is_told = now.features.is_some();
        if let Some((then, now)) = self.other_commit(now).filter(|_| !is_told) {
            tracing::warn!(
                "run {} was started by graft of commit {then}, and is resumed by that of {now}: where \
                 the two compute differently, it does not end with the weights of an uninterrupted run; \
                 manifest.json records both",
                folder.display()
            );
        }
        Ok(())
    }

    /// The commits then and now, if they are others.
    fn other_commit(&self, now: &Self) -> Option<(String, String)> {
        let shown = |commit: &Option<String>| commit.clone().unwrap_or_else(|| "none".into());
        (self.commit != now.commit).then(|| (shown(&self.commit), shown(&now.commit)))
    }

    /// What must be the same, by name.
    fn facts(&self) -> [(&'static str, String); 11] {
        let Data {
            source,
            images,
            labels,
            rows,
            columns,
            classes,
            channels,
            names,
            ..
        } = &self.data;
        [
            ("the version", self.graft.clone()),
            ("the backend", self.backend.clone()),
            ("the data source", source.clone()),
            ("the size of images", format!("{rows} x {columns}")),
            ("the channels of images", channels.to_string()),
            ("the number of classes", classes.to_string()),
            ("the names of classes", names.join(", ")),
            ("the images of sha256", images.clone()),
            ("the labels of sha256", labels.clone()),
            ("the weights of sha256", self.weights.join(" ")),
            (
                "the features of sha256",
                self.features.clone().unwrap_or_default(),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::start;

    type Change = fn(&mut Start);

    #[test]
    fn another_thing_is_refused_by_name() {
        let cases: [(Change, &str, &str); 11] = [
            (|now| now.graft = "0.2.0".into(), "version 0.1.0", "0.2.0"),
            (|now| now.backend = "wgpu".into(), "backend cpu", "wgpu"),
            (
                |now| now.data.source = "folder".into(),
                "data source mnist",
                "folder",
            ),
            (
                |now| now.data.rows = 32,
                "size of images 28 x 27",
                "32 x 27",
            ),
            (
                |now| now.data.columns = 32,
                "size of images 28 x 27",
                "28 x 32",
            ),
            (|now| now.data.classes = 26, "classes 10", "26"),
            (
                |now| now.data.images = "others".into(),
                "images of sha256 images",
                "others",
            ),
            (
                |now| now.data.labels = "others".into(),
                "labels of sha256 labels",
                "others",
            ),
            (
                |now| now.weights[1] = "other".into(),
                "weights of sha256 block1 block2",
                "block1 other",
            ),
            (
                |now| now.weights.truncate(1),
                "weights of sha256 block1 block2",
                "block1",
            ),
            (
                |now| now.features = Some("others".into()),
                "features of sha256 features",
                "others",
            ),
        ];
        let folder = Path::new("runs/stopped");
        for (change, then, found) in cases {
            let mut now = start();
            change(&mut now);
            let error = start().check(&now, folder).unwrap_err().to_string();
            for part in ["runs/stopped", then, &format!("found {found};")] {
                assert!(error.contains(part), "{part:?} in {error}");
            }
        }
    }

    #[test]
    fn how_and_when_it_is_resumed_does_not_matter() {
        let cases: [Change; 5] = [
            |now| now.features = None,
            |_| (),
            |now| now.command.push("--resume".into()),
            |now| now.started = Timestamp::MAX,
            |now| now.commit = None,
        ];
        for change in cases {
            let mut now = start();
            change(&mut now);
            start().check(&now, Path::new("")).unwrap();
        }
    }

    #[test]
    fn another_commit_is_told() {
        let with = |commit: Option<&str>| Start {
            commit: commit.map(str::to_owned),
            ..start()
        };
        let pair = |then: &str, now: &str| Some((then.to_owned(), now.to_owned()));
        for (now, told) in [
            (Some("c0ffee"), None),
            (Some("decaf"), pair("c0ffee", "decaf")),
            (Some("c0ffee-dirty"), pair("c0ffee", "c0ffee-dirty")),
            (None, pair("c0ffee", "none")),
        ] {
            assert_eq!(start().other_commit(&with(now)), told);
        }
        assert_eq!(with(None).other_commit(&with(None)), None);
    }
}
