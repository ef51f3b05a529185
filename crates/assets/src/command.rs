//! Another program, run to its end or for a limited time; the last lines of its output are kept.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::error::lines;

/// How much of the end of a program's output is shown.
const LAST_LINES: usize = 8;
const LAST_BYTES: usize = 4096;

/// Runs a command to its end. Its output goes to a file, since a pipe can be held open by a
/// grandchild that nobody can wait for.
pub(crate) fn run(command: &mut Command, output: &Path, timeout: Duration) -> Result<(), Failure> {
    let line = words(command);
    let log = File::create(output).map_err(unusable)?;
    let again = log.try_clone().map_err(unusable)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(again)
        .spawn()
        .map_err(|error| Failure::Client(format!("`{line}` cannot be run: {error}")))?;
    match wait(&mut child, timeout).map_err(unusable)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => {
            let said = lines(last_lines(output).map_err(unusable)?);
            Err(Failure::Client(format!(
                "`{line}` failed with {status}:{said}"
            )))
        }
        None => {
            let seconds = timeout.as_secs_f64();
            Err(Failure::Client(format!(
                "`{line}` did not finish within {seconds} s"
            )))
        }
    }
}

/// Waits for a child, and kills it after `timeout`.
fn wait(child: &mut Child, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The end of a file, as the lines that tell something.
fn last_lines(path: &Path) -> io::Result<Vec<String>> {
    let said = fs::read(path)?;
    let end = &said[said.len().saturating_sub(LAST_BYTES)..];
    let end = String::from_utf8_lossy(end);
    let lines = end.lines().map(str::trim_end).filter(|line| tells(line));
    let lines: Vec<_> = lines.map(str::to_owned).collect();
    Ok(lines[lines.len().saturating_sub(LAST_LINES)..].to_vec())
}

/// Whether a line is worth showing: not blank, and none of the indented stack frames and dumps in
/// which npm buries its reason.
fn tells(line: &str) -> bool {
    let said = line.strip_prefix("npm error").unwrap_or(line);
    said.len() > 2 && !said.starts_with("  ")
}

/// A command as a user would type it.
fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// A temporary folder or file that the system refuses.
#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
pub(crate) fn unusable(error: io::Error) -> Failure {
    Failure::Package(error.to_string())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Result<(), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        run(
            command.args(["-c", script]),
            &folder.path().join("output"),
            timeout,
        )
    }

    #[test]
    fn the_end_of_what_a_failing_client_says_is_kept() {
        let failure = shell(
            "seq 1001 9000; echo no such package >&2; exit 3",
            Duration::from_secs(20),
        )
        .unwrap_err();
        let expected = "failed with exit status: 3:\n    8994\n    8995\n    8996\n    8997\n    \
                        8998\n    8999\n    9000\n    no such package";
        let said = failure.to_string();
        assert!(said.ends_with(expected), "{said}");
        assert!(said.contains("`sh -c seq 1001"), "{said}");
    }

    #[test]
    fn stack_frames_tell_nothing() {
        for (line, expected) in [
            ("npm error code E404", true),
            ("ERROR: no matching distribution", true),
            (
                "npm error     at ClientRequest.emit (node:events:524:28)",
                false,
            ),
            ("npm error }", false),
            ("npm error", false),
            ("    indented", false),
            ("", false),
        ] {
            assert_eq!(tells(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_client_that_hangs_is_given_up() {
        let timeout = Duration::from_millis(100);
        let begun = Instant::now();
        // The grandchild outlives the shell and holds its output open.
        let said = shell("sleep 5 & sleep 5", timeout).unwrap_err().to_string();
        assert!(said.contains("did not finish within 0.1 s"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
}
