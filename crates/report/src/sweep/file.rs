//! A sweep's result as a file of two lines of JSON: `{"format":2,"sha256":"..."}`, and the result, whose
//! bytes have that SHA-256. One file, so that it is whole or absent, and any change shows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Error, sha256};
use serde::{Deserialize, Serialize};

use super::Results;
use crate::record::RecordError;

/// The version of the layout.
const FORMAT: u32 = 2;

/// What to do about a damaged file.
const RUN_AGAIN: &str = "put the original file back, or run this lab again";

/// The first line. Files of format 1 begin like it.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    sha256: String,
}

impl Results {
    /// Where the result of the sweep `name` lies.
    #[must_use]
    pub fn path(labs: &Path, name: &str) -> PathBuf {
        labs.join(format!("{name}.json"))
    }

    /// Reads the result of the sweep `name` from the labs folder, with the SHA-256 of its file; none
    /// where it was not measured, or by a graft whose results this one does not read.
    ///
    /// # Errors
    /// When the file is not as it was written, is that of another sweep, was written by a newer graft,
    /// or cannot be read.
    pub fn read(labs: &Path, name: &str) -> Result<Option<(Self, String)>, RecordError> {
        let path = Self::path(labs, name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(Error::on("read", &path))?,
        };
        let damaged = |expected: String, found: String, next| RecordError::Damaged {
            path: path.clone(),
            expected,
            found,
            next,
        };
        let other = |found: String| {
            let expected = format!("the result of the lab {name} of format {FORMAT}");
            damaged(expected, found, RUN_AGAIN)
        };
        let line = text.iter().position(|byte| *byte == b'\n');
        let (head, content) = text.split_at(line.map_or(text.len(), |end| end + 1));
        let head: Head = serde_json::from_slice(head).map_err(|error| other(error.to_string()))?;
        if head.format > FORMAT {
            let found = format!("format {}, which a newer graft wrote", head.format);
            return Err(damaged(format!("format {FORMAT}"), found, "update graft"));
        }
        if head.format < FORMAT {
            return Ok(None);
        }
        let (expected, found) = (format!("sha256 {}", head.sha256), sha256(content));
        if found != head.sha256 {
            return Err(damaged(expected, format!("sha256 {found}"), RUN_AGAIN));
        }
        let results: Self =
            serde_json::from_slice(content).map_err(|error| other(error.to_string()))?;
        if results.name != name {
            return Err(other(format!("that of the lab {}", results.name)));
        }
        Ok(Some((results, sha256(&text))))
    }

    /// Writes the result into the labs folder, whole or not at all, and returns its file.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, labs: &Path) -> Result<PathBuf, RecordError> {
        let path = Self::path(labs, &self.name);
        let file = || {
            let content = serde_json::to_string(self)? + "\n";
            let (format, sha256) = (FORMAT, sha256(content.as_bytes()));
            Ok(serde_json::to_string(&Head { format, sha256 })? + "\n" + &content)
        };
        let file = file().map_err(|error: serde_json::Error| RecordError::Damaged {
            path: path.clone(),
            expected: "numbers that JSON can hold".into(),
            found: error.to_string(),
            next: RUN_AGAIN,
        })?;
        graft_durable::write(&path, file.as_bytes())?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests;
