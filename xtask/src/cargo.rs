//! Spawning cargo and other programs, and what can go wrong with that.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

/// Why a task failed.
pub(crate) enum Failure {
    /// The arguments make no sense: exit code 2.
    Usage(String),
    /// A program could not be started: exit code 1.
    Spawn(String),
    /// A program failed and has said why: its exit code.
    Exit(u8),
}

impl Failure {
    /// Says what is not said yet, and with which code to end.
    pub(crate) fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::Usage(message) => (message, 2),
            Self::Spawn(message) => (message, 1),
            Self::Exit(code) => return ExitCode::from(code),
        };
        eprintln!("xtask: {message}");
        ExitCode::from(code)
    }
}

/// Whether the only argument of `verb` is `flag`; it takes no other.
pub(crate) fn has_flag(verb: &str, arguments: &[OsString], flag: &str) -> Result<bool, Failure> {
    match arguments {
        [] => Ok(false),
        [one] if one == flag => Ok(true),
        _ => Err(Failure::Usage(format!(
            "{verb}: expected nothing or {flag}"
        ))),
    }
}

/// The checkout that this xtask was started in. Cargo says so when it starts a program; what was
/// compiled in may be another checkout's, where the two share a target folder.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().unwrap_or(&manifest).to_owned()
}

/// All packages but that for object stores: together with what it needs, Burn would be compiled once more.
pub(crate) const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "graft-store"];

/// The cargo that started us, run in the current folder on our workspace.
pub(crate) fn cargo(verb: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg(verb)
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"));
    command
}

/// Runs a `cargo build` of one program and returns the command that starts it, wherever cargo put
/// it. Progress and errors of the build are shown as always.
pub(crate) fn built(mut build: Command) -> Result<Command, Failure> {
    build.arg("--message-format=json-render-diagnostics");
    let output = build.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| not_run(&build, &error))?;
    program(output.status, &output.stdout)
}

/// The command that starts what a `cargo build` has built, as its messages tell.
pub(crate) fn program(status: ExitStatus, messages: &[u8]) -> Result<Command, Failure> {
    if !status.success() {
        return Err(Failure::Exit(code(status)));
    }
    let messages = String::from_utf8_lossy(messages);
    let path = messages.lines().filter_map(executable).next_back();
    path.map(Command::new)
        .ok_or_else(|| Failure::Spawn("cargo built no program".into()))
}

/// The failure of a program that the system does not start.
pub(crate) fn not_run(command: &Command, error: &io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    Failure::Spawn(format!("cannot run {program}: {error}"))
}

/// The path in `"executable":"PATH"`, where one of cargo's messages has it.
fn executable(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    let (path, _) = rest.split_once('"')?;
    Some(path.replace("\\\\", "\\"))
}

/// Becomes the program, where the system can: signals are its own to answer then.
#[cfg(unix)]
pub(crate) fn become_program(mut command: Command) -> Result<(), Failure> {
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    Err(not_run(&command, &error))
}

/// Runs the program to its end.
#[cfg(not(unix))]
pub(crate) fn become_program(command: Command) -> Result<(), Failure> {
    run(command)
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Exit(code(status))),
        Err(error) => Err(not_run(&command, &error)),
    }
}

/// A program's exit code; for one that was ended by a signal, 128 and the signal, as shells have it.
pub(crate) fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    status
        .code()
        .or(signal)
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_program_in_cargo_s_messages() {
        for (message, expected) in [
            (
                r#"{"reason":"compiler-artifact","executable":"/a b/graft","fresh":true}"#,
                Some("/a b/graft"),
            ),
            (
                r#"{"executable":"C:\\target\\graft.exe"}"#,
                Some(r"C:\target\graft.exe"),
            ),
            (r#"{"reason":"compiler-artifact","executable":null}"#, None),
            (r#"{"reason":"build-finished","success":true}"#, None),
        ] {
            assert_eq!(executable(message).as_deref(), expected, "{message}");
        }
    }
}
