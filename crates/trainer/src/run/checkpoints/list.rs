//! The list of a run's checkpoints: a file with a hash of its own, which every new checkpoint writes
//! anew. Where it is lost, the files' names and what is in the newest have all of it.

use std::fs;
use std::path::Path;

use graft_durable::sha256;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::Error;
use crate::fit::{Resumed, best};
use crate::run::{RunError, sealed};

/// The list's file, in the folder of checkpoints.
pub(in crate::run) const MANIFEST: &str = "manifest.json";
/// The version of its layout.
const FORMAT: u32 = 2;
/// How many of the newest are kept.
const KEPT: usize = 2;

/// The list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct List {
    format: u32,
    /// The newest, the newest first.
    pub(super) last: Vec<Entry>,
    /// The one after the epoch with the lowest validation loss.
    pub(super) best: Option<Entry>,
}

/// What every version of it has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl List {
    /// None yet.
    pub(super) fn none() -> Self {
        Self {
            format: FORMAT,
            last: Vec::new(),
            best: None,
        }
    }

    /// Reads that in `folder`, or puts it together anew from the checkpoints there where it is
    /// missing or damaged.
    ///
    /// # Errors
    /// When it is of another version, or missing or damaged with no checkpoint beside it.
    pub(super) fn read(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(MANIFEST);
        let no = |found: String| RunError::Unfinished {
            path: path.clone(),
            expected: format!("a list of checkpoints of format {FORMAT}"),
            found,
            next: "train again".into(),
        };
        let bytes = fs::read(&path).map_err(|error| error.to_string());
        let version: Result<Version, String> = bytes
            .as_deref()
            .map_err(Clone::clone)
            .and_then(sealed::from_bytes);
        let list = match version {
            Ok(Version { format: FORMAT }) => bytes.and_then(|bytes| sealed::from_bytes(&bytes)),
            Ok(Version { format }) => return Err(no(format!("format {format}"))),
            Err(found) => Err(found),
        };
        list.or_else(|found| {
            let anew = Self::of_files(folder);
            if anew.last.is_empty() {
                return Err(no(found));
            }
            tracing::warn!(
                "{}: {found}; put together anew from the {} checkpoints beside it",
                path.display(),
                anew.entries().count()
            );
            Ok(anew)
        })
    }

    /// The list of the checkpoints in `folder`, by their names; what is in them is not looked at,
    /// but for the newest that is whole, which knows the best epoch.
    fn of_files(folder: &Path) -> Self {
        let mut entries = files(folder);
        entries.sort();
        entries.reverse();
        let history = entries.iter().find_map(|entry| {
            let bytes = fs::read(folder.join(entry.file())).ok()?;
            let whole = sha256(&bytes) == entry.sha256;
            Resumed::read(&bytes).ok().filter(|_| whole)
        });
        let best = history.as_ref().and_then(|resumed| best(resumed.epochs()));
        let best = best.map(|epoch| (epoch.epoch, 0));
        Self {
            best: entries
                .iter()
                .find(|entry| Some(entry.at()) == best)
                .cloned(),
            last: entries.into_iter().take(KEPT).collect(),
            ..Self::none()
        }
    }

    /// Adds the newest. Those that it comes before are of a future that comes again.
    pub(super) fn add(&mut self, entry: Entry, is_best: bool) {
        if is_best {
            self.best = Some(entry.clone());
        }
        self.last.retain(|other| other.at() < entry.at());
        self.last.insert(0, entry);
        self.last.truncate(KEPT);
    }

    /// Writes it into `folder`.
    ///
    /// # Errors
    /// When that fails.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let bytes = sealed::to_bytes(self)?;
        Ok(graft_durable::write(&folder.join(MANIFEST), &bytes)?)
    }

    /// All of them; the best may come twice.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.last.iter().chain(&self.best)
    }
}

/// The checkpoints whose files are in `folder`.
pub(super) fn files(folder: &Path) -> Vec<Entry> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let entry = |file: fs::DirEntry| Entry::of_file(file.file_name().to_str()?);
    files.filter_map(entry).collect()
}
