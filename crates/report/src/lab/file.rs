//! A lab's file: one JSON object that carries the SHA-256 of its own content.
//!
//! `{"format":1,"sha256":"...","lab":{...}}` and a line's end, where the hash is that of the bytes of
//! the inner object as they stand. One file, so that it is whole or absent, and any change shows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use graft_durable::{Error, sha256};
use serde::Deserialize;

use super::Lab;
use crate::record::RecordError;

/// The version of the layout.
const FORMAT: u32 = 1;

/// What to do about a damaged file.
const RUN_AGAIN: &str = "put the original file back, or run this lab again";

/// The part that every version has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Lab {
    /// Where the result of the lab `name` lies.
    #[must_use]
    pub fn path(labs: &Path, name: &str) -> PathBuf {
        labs.join(format!("{name}.json"))
    }

    /// Reads the result of the lab `name` from the labs folder; none where it has not run.
    ///
    /// # Errors
    /// When the file is not as it was written, is that of another lab, has the layout of another
    /// version, or cannot be read.
    pub fn read(labs: &Path, name: &str) -> Result<Option<Self>, RecordError> {
        Ok(Self::read_hashed(labs, name)?.map(|(lab, _)| lab))
    }

    /// The same with the SHA-256 of the file.
    ///
    /// # Errors
    /// As [`Lab::read`].
    pub fn read_hashed(labs: &Path, name: &str) -> Result<Option<(Self, String)>, RecordError> {
        let path = Self::path(labs, name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(Error::on("read", &path))?,
        };
        let lab = Self::from_bytes(&bytes, &path, name)?;
        Ok(Some((lab, sha256(&bytes))))
    }

    /// What the file `path` of the lab `name` holds.
    fn from_bytes(bytes: &[u8], path: &Path, name: &str) -> Result<Self, RecordError> {
        let damaged = |expected: &str, found: String, next| RecordError::Damaged {
            path: path.to_owned(),
            expected: expected.into(),
            found,
            next,
        };
        let of_another = |found: String| {
            let expected = format!("the result of the lab {name} of format {FORMAT}");
            damaged(&expected, found, RUN_AGAIN)
        };
        let Format { format } =
            serde_json::from_slice(bytes).map_err(|error| of_another(error.to_string()))?;
        if format > FORMAT {
            let found = format!("format {format}, which a newer graft wrote");
            return Err(damaged(&format!("format {FORMAT}"), found, "update graft"));
        }
        let (expected, content) = parts(bytes)
            .ok_or_else(|| of_another("a file that is put together otherwise".into()))?;
        let found = sha256(content);
        if found.as_bytes() != expected {
            let expected = format!("sha256 {}", String::from_utf8_lossy(expected));
            return Err(damaged(&expected, format!("sha256 {found}"), RUN_AGAIN));
        }
        let lab: Self =
            serde_json::from_slice(content).map_err(|error| of_another(error.to_string()))?;
        if lab.name() != name {
            return Err(of_another(format!("that of the lab {}", lab.name())));
        }
        Ok(lab)
    }

    /// Writes the result into the labs folder, whole or not at all, and returns its file.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, labs: &Path) -> Result<PathBuf, RecordError> {
        let path = Self::path(labs, self.name());
        let content = serde_json::to_string(self).map_err(|error| RecordError::Damaged {
            path: path.clone(),
            expected: "numbers that JSON can hold".into(),
            found: error.to_string(),
            next: RUN_AGAIN,
        })?;
        let (head, middle, end) = FRAME;
        let hash = sha256(content.as_bytes());
        graft_durable::write(
            &path,
            format!("{head}{hash}{middle}{content}{end}").as_bytes(),
        )?;
        Ok(path)
    }
}

/// What stands around hash and content.
const FRAME: (&str, &str, &str) = (r#"{"format":1,"sha256":""#, r#"","lab":"#, "}\n");

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
pub(crate) mod tests;
