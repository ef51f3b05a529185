//! Another program, run to its end, or to the end of patience; the end of what it said is kept.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// How much of the end of a program's output is shown.
const LAST_LINES: usize = 8;
const LAST_BYTES: u64 = 4096;

/// Runs a command to its end. Its output goes to a file, since a pipe can be held open by a
/// grandchild that nobody can wait for.
pub(crate) fn run(command: &mut Command, output: &Path, patience: Duration) -> Result<(), Failure> {
    let line = words(command);
    let log = File::create(output).map_err(unusable)?;
    let again = log.try_clone().map_err(unusable)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(again)
        .spawn()
        .map_err(|error| Failure::Client {
            command: line.clone(),
            status: "an error of the system".into(),
            last_lines: vec![error.to_string()],
        })?;
    match wait(&mut child, patience).map_err(unusable)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Failure::Client {
            command: line,
            status: status.to_string(),
            last_lines: last_lines(output).map_err(unusable)?,
        }),
        None => Err(Failure::ClientTimeout {
            command: line,
            after: patience,
        }),
    }
}

/// Waits for a child, and kills it when `patience` is at its end.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + patience;
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
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(LAST_BYTES)))?;
    let mut end = Vec::new();
    file.take(LAST_BYTES).read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let lines: Vec<_> = end
        .lines()
        .map(str::trim_end)
        .filter(|line| tells(line))
        .collect();
    let skipped = lines.len().saturating_sub(LAST_LINES);
    Ok(lines[skipped..].iter().map(ToString::to_string).collect())
}

/// Whether a line is worth showing: not blank, and none of the indented stack frames and dumps in
/// which npm buries its reason.
fn tells(line: &str) -> bool {
    let said = line.strip_prefix("npm error").unwrap_or(line);
    said.len() > 2 && !said.starts_with("  ")
}

/// A command as a user would type it.
fn words(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for word in command.get_args() {
        line.push(' ');
        line.push_str(&word.to_string_lossy());
    }
    line
}

/// A temporary folder or file that the system refuses.
#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
pub(crate) fn unusable(error: io::Error) -> Failure {
    Failure::Package {
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<(), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        run(
            command.args(["-c", script]),
            &folder.path().join("output"),
            patience,
        )
    }

    #[test]
    fn the_end_of_what_a_failing_client_says_is_kept() {
        let failure = shell(
            "seq 1001 9000; echo no such package >&2; exit 3",
            Duration::from_secs(20),
        )
        .unwrap_err();
        let Failure::Client {
            status, last_lines, ..
        } = &failure
        else {
            panic!("{failure:?}");
        };
        assert!(status.contains('3'), "{status}");
        let last = [
            "8994",
            "8995",
            "8996",
            "8997",
            "8998",
            "8999",
            "9000",
            "no such package",
        ];
        assert_eq!(last_lines, &last);
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
        let patience = Duration::from_millis(100);
        let begun = Instant::now();
        // The grandchild outlives the shell and holds its output open.
        let failure = shell("sleep 5 & sleep 5", patience).unwrap_err();
        assert!(
            matches!(failure, Failure::ClientTimeout { .. }),
            "{failure}"
        );
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
}
