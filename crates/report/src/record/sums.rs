//! The SHA-256 of every file of a record: what makes a run complete, and damage visible.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Error, sha256};

use super::{EVALUATION, MISTAKES, RecordError, SUMS, TEST_PREDICTIONS};

/// File names, relative to the run's folder, and their hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, String>);

impl Sums {
    /// Reads those of the run in `folder`.
    ///
    /// # Errors
    /// [`RecordError::Incomplete`] where there are none, [`RecordError::Damaged`] where a line is no
    /// hash and name.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(SUMS);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordError::Incomplete {
                    folder: folder.to_owned(),
                    missing: SUMS,
                });
            }
            text => text.map_err(Error::on("read", &path))?,
        };
        let entry = |(number, line): (usize, &str)| {
            let parts = line.split_once("  ").filter(|(hash, name)| {
                hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && !name.is_empty()
            });
            let (hash, name) = parts.ok_or_else(|| RecordError::Damaged {
                path: path.clone(),
                expected: "64 hexadecimal digits, two spaces and a file name in every line".into(),
                found: format!("line {}: `{line}`", number + 1),
                next: TRAIN_AGAIN,
            })?;
            Ok((name.to_owned(), hash.to_owned()))
        };
        text.lines()
            .enumerate()
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Adds a file's content, or replaces it.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        self.0.insert(name.to_owned(), sha256(content));
    }

    /// Whether the record has a file of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The file `name` of the run in `folder`, if it is the one that was written.
    ///
    /// # Errors
    /// [`RecordError::Missing`] or [`RecordError::Damaged`], or when it cannot be read.
    pub fn open(&self, folder: &Path, name: &str) -> Result<Vec<u8>, RecordError> {
        let path = folder.join(name);
        let expected = self.0.get(name).ok_or_else(|| RecordError::Damaged {
            path: folder.join(SUMS),
            expected: format!("a line for {name}"),
            found: "none".into(),
            next: next(name),
        })?;
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordError::Missing {
                    path,
                    next: next(name),
                });
            }
            bytes => bytes.map_err(Error::on("read", &path))?,
        };
        match sha256(&bytes) {
            found if found == *expected => Ok(bytes),
            found => Err(RecordError::Damaged {
                path,
                expected: format!("sha256 {expected}"),
                found: format!("sha256 {found}"),
                next: next(name),
            }),
        }
    }

    /// Compares every file of the run in `folder` with its hash.
    ///
    /// # Errors
    /// As [`Sums::open`], for the first file that is missing or not the one that was written.
    pub fn verify(&self, folder: &Path) -> Result<(), RecordError> {
        self.0
            .keys()
            .try_for_each(|name| self.open(folder, name).map(drop))
    }

    /// Writes them into `folder`, in the form that `sha256sum --check` reads.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let lines = self
            .0
            .iter()
            .map(|(name, hash)| format!("{hash}  {name}\n"));
        let path = folder.join(SUMS);
        graft_durable::write(&path, lines.collect::<String>().as_bytes())?;
        Ok(path)
    }
}

/// What to do about a damaged record.
pub(super) const TRAIN_AGAIN: &str = "put the original file back, or train again";

/// What to do about a damaged file `name`: evaluations can be had again.
pub(super) fn next(name: &str) -> &'static str {
    match name {
        EVALUATION | MISTAKES | TEST_PREDICTIONS => {
            "put the original file back, or run the verb eval on this run again"
        }
        _ => TRAIN_AGAIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_missing_or_unlisted_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("recipe.toml"), "a").unwrap();
        let mut sums = Sums::default();
        sums.add("recipe.toml", b"a");
        sums.add("evaluation.json", b"b");
        sums.write(path).unwrap();
        let sums = Sums::read(path).unwrap();
        assert_eq!(sums.open(path, "recipe.toml").unwrap(), b"a");
        let missing = sums.verify(path).unwrap_err().to_string();
        assert!(missing.contains("evaluation.json is missing"), "{missing}");
        let no = |name| sums.open(path, name).unwrap_err().to_string();
        assert!(
            no("evaluation.json").contains("verb eval"),
            "{}",
            no("evaluation.json")
        );
        assert!(no("other").contains("a line for other"), "{}", no("other"));
        fs::write(path.join("recipe.toml"), "A").unwrap();
        assert!(
            no("recipe.toml").contains("expected sha256"),
            "{}",
            no("recipe.toml")
        );
    }

    #[test]
    fn a_line_that_is_none_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Sums::read(folder.path()).unwrap_err().to_string();
        assert!(read().contains("no complete run"), "{}", read());
        fs::write(folder.path().join(SUMS), "nonsense\n").unwrap();
        assert!(read().contains("line 1: `nonsense`"), "{}", read());
    }
}
