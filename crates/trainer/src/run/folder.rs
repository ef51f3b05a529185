//! Making, finding and reading run folders.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use graft_head::Head;

use super::{Manifest, RunError};
use crate::Error;
use crate::fit::Epoch;
use crate::recipe::Recipe;

/// The complete recipe.
pub const RECIPE: &str = "recipe.toml";
/// One JSON object an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The trained head.
pub const HEAD: &str = "head.safetensors";
/// The record, written last.
pub const MANIFEST: &str = "manifest.json";

/// A run that is under way.
pub struct Started {
    folder: PathBuf,
    metrics: File,
}

impl Started {
    /// Makes a new folder `TIME-RECIPE` in `runs` and writes the recipe into it.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be written.
    pub fn create(runs: &Path, recipe_name: &str, recipe: &Recipe) -> Result<Self, Error> {
        fs::create_dir_all(runs).map_err(graft_durable::Error::on("create folder", runs))?;
        let time = jiff::ZonedDateTime::now()
            .strftime("%Y-%m-%dT%H-%M-%S")
            .to_string();
        let folder = new_folder(runs, &format!("{time}-{recipe_name}"))?;
        let filled = || {
            graft_durable::write(&folder.join(RECIPE), recipe.to_toml()?.as_bytes())?;
            let path = folder.join(METRICS);
            let file = OpenOptions::new().create_new(true).append(true).open(&path);
            Ok(file.map_err(graft_durable::Error::on("create", &path))?)
        };
        match filled() {
            Ok(metrics) => Ok(Self { folder, metrics }),
            Err(error) => {
                // Nothing of the user's is in it yet; a folder that is not empty stays.
                drop((
                    fs::remove_file(folder.join(RECIPE)),
                    fs::remove_dir(&folder),
                ));
                Err(error)
            }
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends an epoch to the metrics.
    ///
    /// # Errors
    /// When writing fails.
    pub fn record(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let line =
            serde_json::to_string(epoch).map_err(|error| Error::Output(error.to_string()))? + "\n";
        let path = self.folder.join(METRICS);
        Ok(self
            .metrics
            .write_all(line.as_bytes())
            .map_err(graft_durable::Error::on("write", &path))?)
    }

    /// Saves the head, then the manifest that makes the run complete.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self, head: &[u8], manifest: Manifest) -> Result<Run, Error> {
        let metrics = self.folder.join(METRICS);
        self.metrics
            .sync_all()
            .map_err(graft_durable::Error::on("write", &metrics))?;
        graft_durable::write(&self.folder.join(HEAD), head)?;
        write_json(&self.folder.join(MANIFEST), &manifest)?;
        Ok(Run {
            folder: self.folder,
            manifest,
        })
    }
}

/// A complete run.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    manifest: Manifest,
}

impl Run {
    /// Opens the run called `name`, a folder in `runs` or a path, or the newest complete one.
    ///
    /// # Errors
    /// When there is no such run, or it is not complete.
    pub fn open(runs: &Path, name: Option<&str>) -> Result<Self, RunError> {
        let newest = newest(runs);
        let folder = match name {
            None => newest.ok_or_else(|| RunError::None(runs.to_owned()))?,
            Some(name) => [runs.join(name), PathBuf::from(name)]
                .into_iter()
                .find(|folder| folder.is_dir())
                .ok_or_else(|| RunError::Unknown {
                    name: name.to_owned(),
                    runs: runs.to_owned(),
                    newest: newest.map(|folder| folder.display().to_string()),
                })?,
        };
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

/// Writes `value` as indented JSON.
pub(crate) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), Error> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.to_string()))?;
    text.push('\n');
    Ok(graft_durable::write(path, text.as_bytes())?)
}

fn damaged(path: &Path, expected: &str, found: &str) -> RunError {
    RunError::Damaged {
        path: path.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// The complete run whose name, which begins with its time, is last.
fn newest(runs: &Path) -> Option<PathBuf> {
    let folders = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path());
    folders
        .filter(|folder| folder.join(MANIFEST).is_file())
        .max()
}

/// Makes a folder that was not there: `name`, or `name-2`, `name-3`, ... where it is taken.
fn new_folder(runs: &Path, name: &str) -> Result<PathBuf, graft_durable::Error> {
    let mut number = 1;
    loop {
        let folder = runs.join(if number == 1 {
            name.to_owned()
        } else {
            format!("{name}-{number}")
        });
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            created => {
                return created
                    .map_err(graft_durable::Error::on("create folder", &folder))
                    .map(|()| folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_run_is_not_complete() {
        let runs = tempfile::tempdir().unwrap();
        let first = Started::create(runs.path(), "seed", &Recipe::default()).unwrap();
        let second = Started::create(runs.path(), "seed", &Recipe::default()).unwrap();
        assert_ne!(first.folder(), second.folder());
        let error = Run::open(runs.path(), None).unwrap_err().to_string();
        assert!(
            error.contains("no complete run") && error.contains("train"),
            "{error}"
        );
        let name = first.folder().to_str().unwrap();
        let error = Run::open(runs.path(), Some(name)).unwrap_err().to_string();
        assert!(error.contains("not complete"), "{error}");
        let text = fs::read_to_string(first.folder().join(RECIPE)).unwrap();
        assert_eq!(Recipe::parse("", &text, &[]).unwrap(), Recipe::default());
    }

    #[test]
    fn refusals() {
        let runs = tempfile::tempdir().unwrap();
        let open = |name: &str| Run::open(runs.path(), Some(name)).unwrap_err().to_string();
        assert!(
            open("missing").contains("no run missing"),
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
