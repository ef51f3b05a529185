//! Standard output: results for people, or one JSON object for machines.

use std::io::{self, Write};

use serde::Serialize;

use crate::Error;

/// Prints a line. A reader that has gone away (`| head`) is no error.
pub fn line(text: &str) -> Result<(), Error> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Output(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Says something on standard error. That nobody reads it is no reason to stop.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints one JSON object on a line of its own.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    line(&serde_json::to_string(value).map_err(|error| Error::Output(error.to_string()))?)
}

/// A number of bytes as MiB or GiB.
#[expect(clippy::cast_precision_loss, reason = "shown to a person")]
pub fn size(bytes: u64) -> String {
    match bytes as f64 / f64::from(1 << 20) {
        mebibytes if mebibytes < 1000.0 => format!("{mebibytes:.1} MiB"),
        mebibytes => format!("{:.1} GiB", mebibytes / 1024.0),
    }
}
