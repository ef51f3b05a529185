//! Generated code in the form in which it is committed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Error;

/// Formats the code generated from `graph` as `cargo fmt` would.
///
/// # Errors
/// When `rustfmt` is not there or refuses the code.
pub(super) fn rustfmt(graph: &Path, code: &str) -> Result<String, Error> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::Rustfmt)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(code.as_bytes()).map_err(Error::Rustfmt)?;
    }
    let output = child.wait_with_output().map_err(Error::Rustfmt)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::Unformatted {
            graph: graph.to_owned(),
            message: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
