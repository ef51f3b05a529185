//! Where models, cache, runs, labs and recipes lie.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::Error;

/// The folder that holds everything Graft fetches and makes.
#[derive(Debug, Clone)]
pub struct Paths {
    root: PathBuf,
    /// Where cache, runs and labs lie.
    results: PathBuf,
}

impl Paths {
    /// Finds the folder: `$GRAFT_HOME` where it is set, else the checkout around the current
    /// folder, else the platform's data folder.
    ///
    /// # Errors
    /// When there is none of the three.
    pub fn find() -> Result<Self, Error> {
        if let Some(root) = env::var_os("GRAFT_HOME").filter(|root| !root.is_empty()) {
            return Ok(Self::at(root));
        }
        let current = env::current_dir().unwrap_or_default();
        if let Some(checkout) = current.ancestors().find(|folder| is_checkout(folder)) {
            return Ok(Self::at(checkout));
        }
        let folders = directories::ProjectDirs::from("", "", "graft").ok_or(Error::NoFolder)?;
        Ok(Self::at(folders.data_dir()))
    }

    /// Paths in a folder of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            results: root.clone(),
            root,
        }
    }

    /// The same paths with cache, runs and labs in another folder.
    #[must_use]
    pub fn with_results_in(&self, folder: &Path) -> Self {
        Self {
            root: self.root.clone(),
            results: folder.to_owned(),
        }
    }

    /// What is fetched: data and the ONNX file.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// The checked weights files of the network of that name.
    #[must_use]
    pub fn weights(&self, network: &str) -> PathBuf {
        self.models().join(network)
    }

    /// Cached features.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.results.join("cache")
    }

    /// Kernels that were tuned for this machine's devices.
    #[must_use]
    pub fn kernels(&self) -> PathBuf {
        self.root.join("cache/kernels")
    }

    /// What is known of this machine's devices.
    #[must_use]
    pub fn devices(&self) -> PathBuf {
        self.root.join("cache/devices")
    }

    /// Run folders.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.results.join("runs")
    }

    /// Pictures whose right class was told.
    #[must_use]
    pub fn corrections(&self) -> PathBuf {
        self.results.join("corrections")
    }

    /// What was found about sets of images.
    #[must_use]
    pub fn audits(&self) -> PathBuf {
        self.results.join("audits")
    }

    /// Results of labs, which reports cite.
    #[must_use]
    pub fn labs(&self) -> PathBuf {
        self.results.join("labs")
    }

    /// Results of labs on other data than all of MNIST: reports on runs with the same images cite them.
    #[must_use]
    pub fn labs_on_other_data(&self) -> PathBuf {
        self.labs().join("other")
    }

    /// Deletes what killed processes left half-written, except in the folder of a run: opening one does that.
    pub fn sweep(&self) {
        let assets = fs::read_dir(self.models()).into_iter().flatten().flatten();
        let assets = assets.map(|entry| entry.path());
        let others = [
            self.models(),
            self.runs(),
            self.audits(),
            self.labs(),
            self.labs_on_other_data(),
            self.cache(),
            self.devices(),
        ];
        for folder in assets.chain(others) {
            for abandoned in graft_durable::sweep(&folder) {
                tracing::info!("deleted the abandoned {}", abandoned.display());
            }
        }
    }

    /// Recipes that `--recipe NAME` finds before the bundled ones.
    #[must_use]
    pub fn recipes(&self) -> PathBuf {
        self.root.join("recipes")
    }
}

fn is_checkout(folder: &Path) -> bool {
    folder.join("models/assets.toml").is_file() && folder.join("recipes/seed.toml").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_checkout_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(is_checkout(&root));
        assert!(!is_checkout(&root.join("crates")));
    }

    #[test]
    fn litter_is_swept_from_every_folder_that_something_is_written_to() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::at(root.path());
        let folders = [
            paths.models(),
            paths.models().join("mnist"),
            paths.runs(),
            paths.audits(),
            paths.labs(),
            paths.labs_on_other_data(),
            paths.cache(),
            paths.devices(),
        ];
        for folder in &folders {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(".graft-dead.tmp"), "half").unwrap();
            fs::write(folder.join("kept"), "whole").unwrap();
        }
        paths.sweep();
        for folder in folders {
            assert!(
                !folder.join(".graft-dead.tmp").exists(),
                "{}",
                folder.display()
            );
            assert!(folder.join("kept").exists(), "{}", folder.display());
        }
    }
}
