//! Standard output: results for people, or one JSON object for machines.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

pub(crate) use graft_environment::output::{duration, note, size};

/// Prints a line. A reader that has gone away (`| head`) is no error.
pub(crate) fn line(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the result")
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object on a line of its own.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    line(&serde_json::to_string(value)?)
}
