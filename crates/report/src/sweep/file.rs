//! A sweep's result as a file: one JSON object that carries the SHA-256 of its own content.
//!
//! `{"format":2,"sha256":"...","lab":{...}}` and a line's end, where the hash is that of the bytes of
//! the inner object as they stand. One file, so that it is whole or absent, and any change shows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Error, sha256};
use serde::Deserialize;

use super::Results;
use crate::record::RecordError;

/// The version of the layout.
const FORMAT: u32 = 2;

/// What to do about a damaged file.
const RUN_AGAIN: &str = "put the original file back, or run this lab again";

/// The part that every version has.
#[derive(Deserialize)]
struct Format {
    format: u32,
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
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(Error::on("read", &path))?,
        };
        let results = Self::from_bytes(&bytes, &path, name)?;
        Ok(results.map(|results| (results, sha256(&bytes))))
    }

    /// What the file `path` of the sweep `name` holds.
    fn from_bytes(bytes: &[u8], path: &Path, name: &str) -> Result<Option<Self>, RecordError> {
        let damaged = |expected: &str, found: String, next| RecordError::Damaged {
            path: path.to_owned(),
            expected: expected.into(),
            found,
            next,
        };
        let other = |found: String| {
            let expected = format!("the result of the lab {name} of format {FORMAT}");
            damaged(&expected, found, RUN_AGAIN)
        };
        let Format { format } =
            serde_json::from_slice(bytes).map_err(|error| other(error.to_string()))?;
        if format > FORMAT {
            let found = format!("format {format}, which a newer graft wrote");
            return Err(damaged(&format!("format {FORMAT}"), found, "update graft"));
        }
        if format < FORMAT {
            return Ok(None);
        }
        let (expected, content) =
            parts(bytes).ok_or_else(|| other("a file that is put together otherwise".into()))?;
        let found = sha256(content);
        if found.as_bytes() != expected {
            let expected = format!("sha256 {}", String::from_utf8_lossy(expected));
            return Err(damaged(&expected, format!("sha256 {found}"), RUN_AGAIN));
        }
        let results: Self =
            serde_json::from_slice(content).map_err(|error| other(error.to_string()))?;
        if results.name != name {
            return Err(other(format!("that of the lab {}", results.name)));
        }
        Ok(Some(results))
    }

    /// Writes the result into the labs folder, whole or not at all, and returns its file.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, labs: &Path) -> Result<PathBuf, RecordError> {
        let path = Self::path(labs, &self.name);
        let content = serde_json::to_string(self).map_err(|error| RecordError::Damaged {
            path: path.clone(),
            expected: "numbers that JSON can hold".into(),
            found: error.to_string(),
            next: RUN_AGAIN,
        })?;
        let (head, middle, end) = FRAME;
        let file = format!("{head}{}{middle}{content}{end}", sha256(content.as_bytes()));
        graft_durable::write(&path, file.as_bytes())?;
        Ok(path)
    }
}

/// What stands around hash and content.
const FRAME: (&str, &str, &str) = (r#"{"format":2,"sha256":""#, r#"","lab":"#, "}\n");

/// The hash and the content of a file.
fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, middle, end) = FRAME;
    let rest = bytes
        .strip_prefix(head.as_bytes())?
        .strip_suffix(end.as_bytes())?;
    let (hash, rest) = rest.split_at_checked(64)?;
    Some((hash, rest.strip_prefix(middle.as_bytes())?))
}

#[cfg(test)]
mod tests;
