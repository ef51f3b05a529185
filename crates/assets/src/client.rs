//! The package clients a user has, `npm` and `pip`: run for one package, with a timeout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::Failure;
use crate::command::{run, unusable};

/// Which client, and which form its packages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Brings a gzipped tar file.
    Npm,
    /// Brings a wheel, which is a zip file.
    Pip,
}

/// A package on the disk, until this is dropped.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) archive: PathBuf,
    _folder: TempDir,
}

/// For a client to say its version.
const PROBE: Duration = Duration::from_secs(20);

impl Client {
    /// Downloads a package into a temporary folder.
    pub(crate) fn download(
        self,
        package: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<Package, Failure> {
        let folder = tempfile::tempdir().map_err(unusable)?;
        let found = self
            .names()
            .iter()
            .find(|name| answers(name, folder.path()))
            .ok_or_else(|| Failure::Client(format!("{} is not installed", self.name())))?;
        let mut command = command(found, folder.path());
        match self {
            // Impatient with a dead network; a package has no scripts that we would want to run.
            Self::Npm => command
                .args(["pack", "--ignore-scripts", "--fetch-retries=1"])
                .args(["--fetch-retry-mintimeout=1000", "--pack-destination=."])
                .arg(format!("{package}@{version}")),
            Self::Pip => command
                .args(["download", "--no-deps", "--only-binary=:all:", "--no-input"])
                .args(["--disable-pip-version-check", "--retries=1", "--timeout=8"])
                .args(["--dest=.".to_owned(), format!("{package}=={version}")]),
        };
        run(&mut command, &folder.path().join("output"), timeout)?;
        Ok(Package {
            archive: self.archive_in(folder.path())?,
            _folder: folder,
        })
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "pip",
        }
    }

    /// The command lines it may be had by, best first.
    fn names(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Npm if cfg!(windows) => &[&["npm.cmd"], &["npm"]],
            Self::Npm => &[&["npm"]],
            Self::Pip => &[
                &["python3", "-m", "pip"],
                &["python", "-m", "pip"],
                &["pip3"],
                &["pip"],
            ],
        }
    }

    /// The one archive that the client has left in `folder`.
    fn archive_in(self, folder: &Path) -> Result<PathBuf, Failure> {
        let extension = match self {
            Self::Npm => "tgz",
            Self::Pip => "whl",
        };
        let mut paths = fs::read_dir(folder)
            .map_err(unusable)?
            .filter_map(|entry| Some(entry.ok()?.path()));
        paths
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .ok_or_else(|| {
                Failure::Package(format!("{} brought no .{extension} file", self.name()))
            })
    }
}

/// Whether a command line is there and works: a name may be a mere stand-in, and Python may lack pip.
fn answers(name: &[&str], folder: &Path) -> bool {
    let mut command = command(name, folder);
    run(command.arg("--version"), &folder.join("probe"), PROBE).is_ok()
}

/// A command run in `folder`, away from the settings of a project that we may stand in.
fn command(name: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(name[0]);
    command.args(&name[1..]).current_dir(folder);
    command
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_works_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(answers(&["echo"], folder.path()));
        assert!(!answers(&["false"], folder.path()));
        assert!(!answers(&["graft-no-such-program"], folder.path()));
    }

    #[test]
    fn the_archive_is_found_among_other_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("output"), "").unwrap();
        let failure = Client::Pip.archive_in(folder.path()).unwrap_err();
        assert!(failure.to_string().contains(".whl"), "{failure}");
        let wheel = folder.path().join("a-1-py3-none-any.whl");
        fs::write(&wheel, "").unwrap();
        assert_eq!(Client::Pip.archive_in(folder.path()).unwrap(), wheel);
    }
}
