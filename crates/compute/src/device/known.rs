//! What was found out about a device, kept between runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graft_backbone::Boundary;
use serde::{Deserialize, Serialize};

use graft_recipe::Precision;

use super::Adapter;
use crate::Error;
use crate::backend::Backend;
use crate::engine::BURN;

/// What is known of a device with a driver, to this version of graft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    graft: String,
    burn: String,
    backend: Backend,
    /// The device.
    pub adapter: Adapter,
    /// The self-checks that it passed, by what they were made for.
    pub passed: Vec<Passed>,
    /// The best number of images a pass, by what is passed.
    pub batches: BTreeMap<String, usize>,
}

/// A self-check that a device passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// SHA-256 of the weights that it was made with.
    pub weights: String,
    /// The last block.
    pub boundary: Boundary,
    /// The precision.
    pub precision: Precision,
    /// The largest differences by operation, in shares of the largest value.
    pub differences: BTreeMap<String, f64>,
}

impl Known {
    /// Nothing yet.
    fn nothing(backend: Backend, adapter: &Adapter) -> Self {
        Self {
            graft: env!("CARGO_PKG_VERSION").into(),
            burn: BURN.into(),
            backend,
            adapter: adapter.clone(),
            passed: Vec::new(),
            batches: BTreeMap::new(),
        }
    }

    /// What the `folder` says of a device: nothing where there is no file of this device, driver
    /// and version, or it is damaged.
    #[must_use]
    pub fn read(folder: &Path, backend: Backend, adapter: &Adapter) -> Self {
        let nothing = Self::nothing(backend, adapter);
        let known = fs::read(nothing.path(folder)).ok();
        let known = known.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        match known {
            Some(known) if known.identity() == nothing.identity() => known,
            _ => nothing,
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(graft_durable::Error::on("create folder", folder))?;
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::Output(error.to_string()))?;
        Ok(graft_durable::write(&self.path(folder), text.as_bytes())?)
    }

    /// The file of this device.
    #[must_use]
    pub fn path(&self, folder: &Path) -> PathBuf {
        let hash = graft_durable::sha256(format!("{:?}", self.identity()).as_bytes());
        folder.join(format!("{}-{}.json", self.backend, &hash[..16]))
    }

    fn identity(&self) -> (&str, &str, Backend, &Adapter) {
        (&self.graft, &self.burn, self.backend, &self.adapter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_driver_or_a_damaged_file_is_another_device() {
        let folder = tempfile::tempdir().unwrap();
        let adapter = Adapter::processor();
        let mut known = Known::nothing(Backend::Wgpu, &adapter);
        known.batches.insert("block5".into(), 64);
        known.write(folder.path()).unwrap();
        let read = |adapter: &Adapter| Known::read(folder.path(), Backend::Wgpu, adapter);
        assert_eq!(read(&adapter), known);
        let newer = Adapter {
            driver: Some("2.0".into()),
            ..adapter.clone()
        };
        assert!(read(&newer).batches.is_empty());
        fs::write(known.path(folder.path()), "{").unwrap();
        assert!(read(&adapter).batches.is_empty());
    }
}
