//! The verification that a device passed, kept between runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graft_recipe::Precision;
use serde::{Deserialize, Serialize};

use super::Adapter;
use crate::engine::BURN;
use crate::{ComputeContext, Error};

/// A device that passed verification: which one, with what, and how far its results are off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceProfile {
    graft: String,
    burn: String,
    backend: String,
    adapter: Adapter,
    /// SHA-256 of the network's weights.
    weights: String,
    precision: Precision,
    /// The differences by operation, as fractions of the values.
    pub differences: BTreeMap<String, f64>,
}

impl DeviceProfile {
    /// The profile of a device before its verification.
    pub(crate) fn new(context: &ComputeContext, weights: String, precision: Precision) -> Self {
        Self {
            graft: env!("CARGO_PKG_VERSION").into(),
            burn: BURN.into(),
            backend: context.backend.name().into(),
            adapter: context.adapter.clone(),
            weights,
            precision,
            differences: BTreeMap::new(),
        }
    }

    /// The same profile as the `folder` has it, after a verification: none where there is no file
    /// of this device, driver, version, set of weights and precision, or it is damaged.
    pub(crate) fn read(&self, folder: &Path) -> Option<Self> {
        let bytes = fs::read(self.path(folder)).ok()?;
        let mut found: Self = serde_json::from_slice(&bytes).ok()?;
        let differences = std::mem::take(&mut found.differences);
        (found == *self).then_some(Self {
            differences,
            ..found
        })
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
        let Self {
            graft,
            burn,
            backend,
            adapter,
            weights,
            precision,
            differences: _,
        } = self;
        let identity = format!("{graft} {burn} {adapter:?} {weights} {precision}");
        let hash = graft_durable::sha256(identity.as_bytes());
        folder.join(format!("{backend}-{}.json", &hash[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_driver_or_a_damaged_file_is_not_verified() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let profile = |driver: &str, weights: &str, precision| DeviceProfile {
            graft: "1.0".into(),
            burn: BURN.into(),
            backend: "wgpu".into(),
            adapter: Adapter {
                driver: Some(driver.into()),
                ..Adapter::cpu()
            },
            weights: weights.into(),
            precision,
            differences: BTreeMap::new(),
        };
        let before = profile("1.0", "vgg16", Precision::F32);
        assert_eq!(before.read(folder), None);
        let mut verified = before.clone();
        verified.differences = BTreeMap::from([("block 1".into(), 1e-7), ("loss".into(), 3e-7)]);
        verified.write(folder).unwrap();
        let found = before.read(folder);
        assert_eq!(found, Some(verified.clone()));
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
