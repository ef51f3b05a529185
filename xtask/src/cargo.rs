//! Spawning cargo and other programs, and what can go wrong with that.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

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
        match self {
            Self::Usage(message) => {
                eprintln!("xtask: {message}");
                ExitCode::from(2)
            }
            Self::Spawn(message) => {
                eprintln!("xtask: {message}");
                ExitCode::FAILURE
            }
            Self::Exit(code) => ExitCode::from(code),
        }
    }
}

/// The checkout that this xtask belongs to.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The cargo that started us, run in the current folder on our workspace.
pub(crate) fn cargo(verb: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg(verb)
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"));
    command
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        // A program that was ended by a signal has no code.
        Ok(status) => Err(Failure::Exit(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1),
        )),
        Err(error) => Err(Failure::Spawn(format!("cannot run {program}: {error}"))),
    }
}
