//! One run of a scenario in a child process, with a fault, and what it left.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// Where a child finds its folder.
pub(crate) const FOLDER: &str = "GRAFT_TEST_FOLDER";

/// A child that was run with a fault.
pub(crate) struct Ended {
    home: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) fault: String,
    pub(crate) status: ExitStatus,
    /// The error, where there was one.
    pub(crate) error: Option<String>,
}

impl Ended {
    /// Runs a scenario with `fault` in a child, on a file that is `old` where `before` says so.
    pub(crate) fn run(test: &str, fault: &str, place: &str, before: Option<&[u8]>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(place);
        if let Some(content) = before {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
        }
        let said = home.path().join("said");
        let status = Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--test-threads=1", "--quiet"])
            .env(FOLDER, home.path())
            .env("GRAFT_FAULT", fault)
            .output()
            .unwrap()
            .status;
        let error = fs::read_to_string(&said).ok();
        let _ = fs::remove_file(said);
        Self {
            home,
            path,
            fault: fault.to_owned(),
            status,
            error,
        }
    }

    pub(crate) fn content(&self) -> Option<Vec<u8>> {
        fs::read(&self.path).ok()
    }

    /// Files below the home other than the one that is written.
    pub(crate) fn others(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.home.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let list = if path.is_dir() {
                    &mut folders
                } else {
                    &mut files
                };
                list.push(path);
            }
        }
        files.retain(|path| *path != self.path);
        files
    }
}
