//! A run that is complete.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use graft_head::Head;

use super::{HEAD, MANIFEST, Manifest, RECIPE, RunError};
use crate::Error;
use crate::recipe::Recipe;

/// A complete run.
#[derive(Debug)]
pub struct Run {
    pub(super) folder: PathBuf,
    pub(super) manifest: Manifest,
}

impl Run {
    /// Opens the run called `name`, a folder in `runs` or a path, or the newest complete one.
    ///
    /// # Errors
    /// When there is no such run, or it is not complete.
    pub fn open(runs: &Path, name: Option<&Path>) -> Result<Self, RunError> {
        let Some(name) = name else {
            return newest(runs).ok_or_else(|| RunError::None(runs.to_owned()));
        };
        let folders = [runs.join(name), name.to_owned()];
        let is_run =
            |folder: &PathBuf| folder.is_dir() && folder != runs && !name.as_os_str().is_empty();
        match folders.into_iter().find(is_run) {
            Some(folder) => Self::at(folder),
            None => Err(RunError::Unknown {
                name: name.to_owned(),
                runs: runs.to_owned(),
                newest: newest(runs).map(|run| run.folder.display().to_string()),
            }),
        }
    }

    /// Opens the run in `folder`.
    fn at(folder: PathBuf) -> Result<Self, RunError> {
        let path = folder.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RunError::Incomplete(folder));
            }
            text => text.map_err(graft_durable::Error::on("read", &path))?,
        };
        let manifest = serde_json::from_str::<Manifest>(&text)
            .map_err(|error| damaged(&path, "a manifest of a run", &error.to_string()))?;
        if manifest.format != Manifest::FORMAT {
            let expected = format!("format {}", Manifest::FORMAT);
            return Err(damaged(
                &path,
                &expected,
                &format!("format {}", manifest.format),
            ));
        }
        Ok(Self { folder, manifest })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The record.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The recipe that it was trained by.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn recipe(&self) -> Result<Recipe, Error> {
        let path = self.folder.join(RECIPE);
        let text = fs::read_to_string(&path).map_err(graft_durable::Error::on("read", &path))?;
        Ok(Recipe::parse(&path.display().to_string(), &text, &[])?)
    }

    /// The trained head, checked against the manifest.
    ///
    /// # Errors
    /// When the file is missing or not the one that was written.
    pub fn head(&self, device: &Device) -> Result<Head, Error> {
        let path = self.folder.join(HEAD);
        let bytes = fs::read(&path).map_err(graft_durable::Error::on("read", &path))?;
        let found = graft_durable::sha256(&bytes);
        if found != self.manifest.head.after {
            let expected = format!("sha256 {}", self.manifest.head.after);
            return Err(damaged(&path, &expected, &format!("sha256 {found}")).into());
        }
        Head::from_bytes(&bytes, device).map_err(|source| Error::Head { path, source })
    }

    /// Refuses a backbone that is not the one that the head was trained on.
    ///
    /// # Errors
    /// When the hashes of the weights files differ.
    pub fn check_weights(&self, found: &[String]) -> Result<(), RunError> {
        let expected = &self.manifest.backbone.files;
        if expected == found {
            return Ok(());
        }
        let short = |hashes: &[String]| {
            hashes
                .iter()
                .map(|hash| hash.chars().take(8).collect())
                .collect::<Vec<String>>()
                .join(" ")
        };
        let (expected, found) = (short(expected), short(found));
        Err(RunError::OtherWeights {
            run: self.folder.clone(),
            expected,
            found,
        })
    }
}

fn damaged(path: &Path, expected: &str, found: &str) -> RunError {
    RunError::Damaged {
        path: path.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// The complete run that started last. A damaged one is passed over, with a warning.
fn newest(runs: &Path) -> Option<Run> {
    let folders = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path());
    let open = |folder| match Run::at(folder) {
        Ok(run) => Some(run),
        Err(RunError::Incomplete(_)) => None,
        Err(error) => {
            tracing::warn!("passed over: {error}");
            None
        }
    };
    folders
        .filter_map(open)
        .max_by_key(|run| run.manifest.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals() {
        let runs = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            Run::open(runs.path(), Some(Path::new(name)))
                .unwrap_err()
                .to_string()
        };
        assert!(
            open("missing").contains("no run `missing`"),
            "{}",
            open("missing")
        );
        fs::create_dir(runs.path().join("broken")).unwrap();
        fs::write(runs.path().join("broken").join(MANIFEST), "{\"format\": 1}").unwrap();
        assert!(
            open("broken").contains("expected a manifest"),
            "{}",
            open("broken")
        );
    }
}
