//! All runs in a folder, complete or not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::Error;
use jiff::Timestamp;
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::record::{LATEST, Record, RecordError};
use crate::template::fill;
use crate::{Figures, Language};

/// A run's folder, and what is in it.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// Whether it can be used.
    #[serde(flatten)]
    pub state: State,
}

/// Whether a run can be used.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Every file is as it was written.
    Complete(Box<Facts>),
    /// Its training is under way, or was stopped.
    Incomplete {
        /// What is missing.
        reason: String,
    },
    /// Something is not as it was written.
    Damaged {
        /// What, and what to do.
        reason: String,
    },
    /// Another version of graft wrote it.
    OtherFormat {
        /// Which, and what to do.
        reason: String,
    },
}

/// What a list says of a complete run.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    /// The name of its recipe.
    pub recipe: String,
    /// How the recipe was changed on the command line: the values of `--set`.
    pub set: Vec<String>,
    /// What computed.
    pub backend: String,
    /// When it started.
    pub started: Timestamp,
    /// Training images.
    pub trained_on: usize,
    /// Over the held-out images.
    pub validation: Option<Figures>,
    /// Over the test images, once they were opened.
    pub test: Option<Figures>,
    /// How long it took in all.
    pub seconds: f64,
}

/// The runs in the folder `runs`, by name, which begins with the time of the start: the newest is
/// last. Every record is read whole: each file is compared with its hash.
///
/// # Errors
/// When the folder cannot be read. One that is not there has no runs.
pub fn list(runs: &Path) -> Result<Vec<Listed>, Error> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::on("read folder", runs))?,
    };
    let mut listed = Vec::new();
    for entry in entries {
        let folder = entry.map_err(Error::on("read folder", runs))?.path();
        if folder.is_dir() {
            let name = folder.file_name().unwrap_or_default();
            listed.push(Listed {
                name: name.to_string_lossy().into_owned(),
                state: state(&folder),
                folder,
            });
        }
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

fn state(folder: &Path) -> State {
    match facts(folder) {
        Ok(facts) => State::Complete(Box::new(facts)),
        Err(RecordError::Incomplete { missing, .. }) => {
            let next = if folder.join(LATEST).exists() {
                ": train --resume continues it"
            } else {
                " before anything was saved: train again"
            };
            State::Incomplete {
                reason: format!(
                    "{missing} is missing; its training is under way, or was stopped{next}"
                ),
            }
        }
        Err(error) => {
            let reason = error.to_string();
            match error {
                RecordError::Format { .. } => State::OtherFormat { reason },
                _ => State::Damaged { reason },
            }
        }
    }
}

fn facts(folder: &Path) -> Result<Facts, RecordError> {
    let record = Record::read(folder)?;
    let (manifest, validation) = (record.manifest, record.validation.as_ref());
    Ok(Facts {
        recipe: manifest.recipe,
        set: sets(&manifest.command),
        backend: manifest.machine.backend,
        started: manifest.started,
        trained_on: manifest.trained_on,
        validation: validation.and_then(|split| Figures::of(split).ok()),
        test: record
            .test
            .map(|test| Figures::from(&test.evaluated.evaluation)),
        seconds: manifest.seconds,
    })
}

/// The values of `--set` in a command line.
fn sets(command: &[String]) -> Vec<String> {
    let mut words = command.iter();
    let mut sets = Vec::new();
    while let Some(word) = words.next() {
        match word.strip_prefix("--set") {
            Some("") => sets.extend(words.next().cloned()),
            Some(rest) => sets.extend(rest.strip_prefix('=').map(str::to_owned)),
            None => {}
        }
    }
    sets
}

/// A list of runs as text.
#[must_use]
pub fn listing(runs: &[Listed]) -> String {
    let runs = runs.iter().map(|run| (&run.name, Serde(&run.state)));
    let context = context! { runs => runs.map(Value::from).collect::<Vec<_>>() };
    fill(include_str!("listing.txt"), &context, Language::En)
}

#[cfg(test)]
mod tests;
