//! The verification that a device passed, kept between runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graft_recipe::Precision;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::{ComputeContext, Error};

/// A device that passed verification, and how far its results are off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceProfile {
    /// The device, its driver, the programs, the weights and the precision: one line.
    verified: String,
    /// The differences by operation, as fractions of the values.
    pub(crate) differences: BTreeMap<String, f64>,
}

impl DeviceProfile {
    /// The profile of a device before its verification with weights of a hash.
    pub(crate) fn new(
        context: &ComputeContext,
        engine: Engine,
        weights: &str,
        precision: Precision,
    ) -> Self {
        let ComputeContext {
            backend, adapter, ..
        } = context;
        let (graft, engine) = (env!("CARGO_PKG_VERSION"), engine.version());
        Self {
            verified: format!(
                "{backend} {adapter}, graft {graft}, {engine}, weights {weights}, {precision}"
            ),
            differences: BTreeMap::new(),
        }
    }

    /// The same profile as the `folder` has it, after a verification: none where there is no file
    /// of this device, driver, version, set of weights and precision, or it is damaged.
    pub(crate) fn read(&self, folder: &Path) -> Option<Self> {
        let bytes = fs::read(self.path(folder)).ok()?;
        let found: Self = serde_json::from_slice(&bytes).ok()?;
        (found.verified == self.verified).then_some(found)
    }

    /// Keeps it.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(graft_durable::Error::on("create folder", folder))?;
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| Error::Profile(error.to_string()))?;
        Ok(graft_durable::write(&self.path(folder), text.as_bytes())?)
    }

    /// The operation that is off by most.
    #[must_use]
    pub fn largest(&self) -> Option<(&str, f64)> {
        let differences = self.differences.iter();
        let named = differences.map(|(operation, difference)| (operation.as_str(), *difference));
        named.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn path(&self, folder: &Path) -> PathBuf {
        let hash = graft_durable::sha256(self.verified.as_bytes());
        folder.join(format!("{}.json", &hash[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, device::Wanted};

    #[test]
    fn another_driver_or_a_damaged_file_is_not_verified() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let wanted = Wanted {
            number: None,
            allow_software: true,
        };
        let (backend, engine) = (Backend::preferred(), Some(Engine::Burn));
        let context = ComputeContext::new(backend, engine, wanted, folder).unwrap();
        let profile = |driver: &str, weights, precision| {
            let mut context = context.clone();
            context.adapter.driver = Some(driver.into());
            DeviceProfile::new(&context, Engine::Burn, weights, precision)
        };
        let before = profile("1.0", "vgg16", Precision::F32);
        assert_eq!(before.read(folder), None);
        let mut verified = before.clone();
        verified.differences = BTreeMap::from([("block 1".into(), 1e-7), ("loss".into(), 3e-7)]);
        verified.write(folder).unwrap();
        assert_eq!(before.read(folder), Some(verified.clone()));
        assert_eq!(verified.largest(), Some(("loss", 3e-7)));
        for other in [
            profile("2.0", "vgg16", Precision::F32),
            profile("1.0", "vgg19", Precision::F32),
            profile("1.0", "vgg16", Precision::F16),
        ] {
            assert_eq!(other.read(folder), None);
            // Nor where its file is that of another device.
            fs::copy(before.path(folder), other.path(folder)).unwrap();
            assert_eq!(other.read(folder), None);
        }
        fs::write(before.path(folder), "{").unwrap();
        assert_eq!(before.read(folder), None);
    }
}
