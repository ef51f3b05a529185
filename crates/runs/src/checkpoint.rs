//! A run's checkpoints: the latest, and the one after its best epoch. Each is a file that is whole by
//! itself: a line of JSON with its place and what the run started with, the training's state, and the
//! SHA-256 of both in hexadecimal digits.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use graft_durable::sha256;
use graft_report::record::Stages;
use serde::{Deserialize, Serialize};

use crate::{RunError, Start};

/// The folder, in the run's.
pub(crate) const FOLDER: &str = "checkpoints";
/// The version of the files' layout.
const FORMAT: u32 = 3;
/// The digits of a SHA-256.
const HASH: usize = 64;

/// Which of a run's two checkpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckpointName {
    /// The newest.
    #[default]
    Latest,
    /// The one after the epoch with the lowest validation loss.
    Best,
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Latest => "latest",
            Self::Best => "best",
        })
    }
}

impl FromStr for CheckpointName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = [Self::Latest, Self::Best];
        let found = names.into_iter().find(|known| known.to_string() == name);
        found.ok_or_else(|| "expected latest or best".into())
    }
}

/// Seconds that a run has taken, in all the processes that worked on it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Spent {
    /// In all.
    pub seconds: f64,
    /// A stage.
    pub stages: Stages,
}

impl Spent {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (a, b) = (self.stages, other.stages);
        Self {
            seconds: self.seconds + other.seconds,
            stages: Stages {
                fetch: a.fetch + b.fetch,
                features: a.features + b.features,
                head: a.head + b.head,
                checkpoints: a.checkpoints + b.checkpoints,
            },
        }
    }
}

/// Where a training stands.
#[derive(Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    format: u32,
    /// Finished epochs.
    pub epochs: usize,
    /// Steps taken since.
    pub steps: usize,
    /// The time it has taken to get there.
    pub spent: Spent,
    /// What the run started with.
    pub start: Start,
    /// Everything that the next step depends on.
    #[serde(skip)]
    pub state: Vec<u8>,
}

impl Checkpoint {
    /// One after so many epochs and steps.
    #[must_use]
    pub fn new(at: (usize, usize), spent: Spent, start: Start, state: Vec<u8>) -> Self {
        Self {
            format: FORMAT,
            epochs: at.0,
            steps: at.1,
            spent,
            start,
            state,
        }
    }

    /// Writes it under these names for the run in `folder`.
    pub(crate) fn write(&self, folder: &Path, names: &[CheckpointName]) -> Result<(), RunError> {
        let line = serde_json::to_string(self);
        let line = line.map_err(|error| RunError::Json(error.to_string()))?;
        let mut bytes = [line.as_bytes(), b"\n", &self.state].concat();
        let hash = sha256(&bytes);
        bytes.extend(hash.as_bytes());
        for name in names {
            graft_durable::write(&path(folder, *name), &bytes)?;
        }
        Ok(())
    }

    /// Reads that of this name of the run in `folder`.
    ///
    /// # Errors
    /// When it is missing or not as it was written, naming the other where that is whole.
    pub(crate) fn read(folder: &Path, name: CheckpointName) -> Result<Self, RunError> {
        let no = |(expected, found)| {
            let instead = match name {
                CheckpointName::Latest => read(folder, CheckpointName::Best).ok(),
                CheckpointName::Best => None,
            };
            RunError::Damaged {
                path: path(folder, name),
                expected,
                found,
                next: instead.map_or("train again".into(), |best| {
                    format!(
                        "the one after epoch {} is whole: resume with --checkpoint best",
                        best.epochs
                    )
                }),
            }
        };
        read(folder, name).map_err(no)
    }
}

/// The checkpoint, or what was expected and what was found.
fn read(folder: &Path, name: CheckpointName) -> Result<Checkpoint, (String, String)> {
    let bytes = fs::read(path(folder, name));
    parse(bytes.map_err(|error| no(error.to_string()))?)
}

fn no(found: String) -> (String, String) {
    (format!("a checkpoint of format {FORMAT}"), found)
}

fn parse(mut bytes: Vec<u8>) -> Result<Checkpoint, (String, String)> {
    let hash = bytes.split_off(bytes.len().saturating_sub(HASH));
    let found = sha256(&bytes);
    if found.as_bytes() != hash {
        let expected = String::from_utf8_lossy(&hash).into_owned();
        return Err((format!("sha256 {expected}"), format!("sha256 {found}")));
    }
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let state = bytes.split_off(end.map_or(bytes.len(), |end| end + 1));
    let checkpoint: Checkpoint =
        serde_json::from_slice(&bytes).map_err(|error| no(error.to_string()))?;
    if checkpoint.format != FORMAT {
        return Err(no(format!("format {}", checkpoint.format)));
    }
    Ok(Checkpoint {
        state,
        ..checkpoint
    })
}

fn path(folder: &Path, name: CheckpointName) -> PathBuf {
    folder.join(FOLDER).join(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::start;

    fn saved(names: &[CheckpointName]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let spent = Spent {
            seconds: 1.5,
            ..Spent::default()
        };
        let checkpoint = Checkpoint::new((3, 0), spent, start(), b"a\nstate".to_vec());
        checkpoint.write(folder.path(), names).unwrap();
        folder
    }

    fn refused(folder: &Path, name: CheckpointName) -> String {
        Checkpoint::read(folder, name).unwrap_err().to_string()
    }

    #[test]
    fn it_comes_back_as_it_was() {
        let folder = saved(&[CheckpointName::Latest]);
        let read = Checkpoint::read(folder.path(), CheckpointName::Latest).unwrap();
        assert_eq!((read.epochs, read.steps), (3, 0));
        assert_eq!(
            read.spent.and(read.spent).seconds.to_bits(),
            3.0_f64.to_bits()
        );
        assert_eq!((read.start, &*read.state), (start(), &b"a\nstate"[..]));
    }

    #[test]
    fn every_flip_and_cut_is_found() {
        let folder = saved(&[CheckpointName::Latest]);
        let whole = fs::read(path(folder.path(), CheckpointName::Latest)).unwrap();
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (expected, _) = parse(bytes).unwrap_err();
            assert!(expected.contains("sha256"), "bit {bit}: {expected}");
        }
        for length in 0..whole.len() {
            assert!(parse(whole[..length].to_vec()).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_damaged_one_is_refused_and_the_best_named_where_it_is_whole() {
        let both = [CheckpointName::Latest, CheckpointName::Best];
        for (names, next) in [
            (
                &both[..],
                "after epoch 3 is whole: resume with --checkpoint best",
            ),
            (&both[..1], "train again"),
        ] {
            let folder = saved(names);
            for damage in [Some("half"), None] {
                let path = path(folder.path(), CheckpointName::Latest);
                match damage {
                    Some(bytes) => fs::write(&path, bytes).unwrap(),
                    None => fs::remove_file(&path).unwrap(),
                }
                let error = refused(folder.path(), CheckpointName::Latest);
                assert!(
                    error.contains("checkpoints/latest") && error.contains(next),
                    "{error}"
                );
            }
            let best = Checkpoint::read(folder.path(), CheckpointName::Best);
            assert_eq!(best.is_ok(), names.len() == 2);
        }
    }

    #[test]
    fn another_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let older = Checkpoint {
            format: 2,
            ..Checkpoint::new((0, 0), Spent::default(), start(), Vec::new())
        };
        older
            .write(folder.path(), &[CheckpointName::Latest])
            .unwrap();
        let error = refused(folder.path(), CheckpointName::Latest);
        assert!(error.contains("found format 2"), "{error}");
    }
}
