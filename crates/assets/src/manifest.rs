//! The manifest: every asset with its size, its hash, its licence and its sources in order.

use std::collections::HashSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::Error;

/// All assets, checked for plain mistakes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "asset")]
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
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A file on a web server, unpacked where it is gzip.
    Url {
        /// Its address, `https://...`; `http://` is taken too, since the hash decides.
        url: String,
    },
    /// A file in a package of the npm registry, had by `npm pack`.
    Npm(Member),
    /// A file in a wheel of the Python package index, had by `pip download`.
    Pip(Member),
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
        let manifest: Self = toml::from_str(text)
            .map_err(|error| Error::Manifest(error.to_string().trim_end().to_owned()))?;
        let mut names = HashSet::new();
        for asset in &manifest.assets {
            let repeated = !names.insert(&asset.file);
            let mistake = repeated.then_some("it is named twice");
            if let Some(reason) = mistake.or_else(|| asset.mistake()) {
                return Err(Error::Manifest(format!("asset {:?}: {reason}", asset.file)));
            }
        }
        Ok(manifest)
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

    /// What no right asset has, if this one has it: found before anything is fetched on its word.
    fn mistake(&self) -> Option<&'static str> {
        let mut parts = Path::new(&self.file).components();
        let inside = parts.all(|part| matches!(part, Component::Normal(_)));
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if self.file.is_empty() || !inside || self.file.contains('\\') {
            Some("its file does not lie under the models folder")
        } else if self.bytes == 0 {
            Some("it has no bytes")
        } else if self.sha256.len() != 64 || !self.sha256.bytes().all(hex) {
            Some("its sha256 is not 64 lower-case hexadecimal digits")
        } else if self.sources.is_empty() {
            Some("it has no source")
        } else {
            self.sources.iter().find_map(Source::mistake)
        }
    }
}

impl Source {
    fn mistake(&self) -> Option<&'static str> {
        // Names go to a package client as arguments, so they must not look like anything else.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@/._+!-".contains(&byte);
        let word = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@')
                && text.bytes().all(plain)
        };
        match self {
            Self::Url { url } => {
                let known = url.starts_with("https://") || url.starts_with("http://");
                (!known).then_some("a url is neither https:// nor http://")
            }
            Self::Npm(of) | Self::Pip(of) if !word(&of.package) || !word(&of.version) => {
                Some("a package or its version is not a plain word")
            }
            Self::Npm(of) | Self::Pip(of) if of.member.is_empty() => Some("a member has no name"),
            Self::Npm(_) | Self::Pip(_) => None,
        }
    }
}

impl Group {
    /// Every group there is.
    pub const ALL: [Self; 3] = [Self::MnistTrain, Self::MnistTest, Self::Vgg16];
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { url } => f.write_str(url),
            Self::Npm(of) => write!(f, "npm package {} {}", of.package, of.version),
            Self::Pip(of) => write!(f, "PyPI package {} {}", of.package, of.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutations::GOOD;

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

    #[test]
    fn a_good_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.assets(&[Group::Vgg16]).count(), 0);
        let asset = manifest.assets(&[Group::MnistTest]).next().unwrap();
        assert_eq!((asset.bytes, asset.sources.len()), (3, 2));
        assert_eq!(asset.path(Path::new("models")), Path::new("models/mnist/a"));
        assert_eq!(asset.sources[1].to_string(), "npm package @scope/p 1.0.0");
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("mnist/a", "../a", "under the models folder"),
            ("mnist/a", "/etc/a", "under the models folder"),
            ("mnist/a", "mnist/./../../a", "under the models folder"),
            ("mnist/a", "mnist\\\\a", "under the models folder"),
            ("bytes = 3", "bytes = 0", "no bytes"),
            ("ba7816", "BA7816", "hexadecimal"),
            ("ba7816", "", "hexadecimal"),
            ("mnist-test", "mnist-tests", "unknown variant"),
            ("licence", "license", "license"),
            ("https://", "ftp://", "neither https"),
            ("a.gz\"", "a.gz\", unpacked = 1", "unpacked"),
            ("@scope/p", "--registry=x", "plain word"),
            ("1.0.0", "1.0.0 && x", "plain word"),
            ("package/a", "", "no name"),
            ("member =", "members = 1, member =", "members"),
            ("kind = \"npm\"", "kind = \"cargo\"", "unknown variant"),
        ];
        for (right, wrong, told) in cases {
            let text = GOOD.replace(right, wrong);
            assert_ne!(text, GOOD);
            let error = Manifest::parse(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
        let twice = Manifest::parse(&GOOD.repeat(2)).unwrap_err().to_string();
        assert!(twice.contains("named twice"), "{twice}");
    }
}
