//! A models folder, an asset of 1,000 bytes, and a manifest that names it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use graft_assets::{Error, Group, Manifest, Options, Provided, Timeouts, ensure};
use tempfile::TempDir;

/// The asset's file.
pub(crate) const FILE: &str = "mnist/asset";

/// Short, so that the tests are.
pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_millis(300),
    stall: Duration::from_millis(300),
    client: Duration::from_mins(1),
};

/// Fetches over the network.
pub(crate) const ONLINE: Options = Options {
    offline: false,
    from: None,
    timeouts: TIMEOUTS,
};

/// Fetches nothing.
pub(crate) const OFFLINE: Options = Options {
    offline: true,
    ..ONLINE
};

pub(crate) struct Case {
    pub(crate) folder: TempDir,
    manifest: Manifest,
}

impl Case {
    /// With sources at these addresses.
    pub(crate) fn new(urls: &[String]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            manifest: Manifest::parse(&entry(FILE, urls)).unwrap(),
        }
    }

    /// With two files, the second one being the first with `2` after its name.
    pub(crate) fn of_two(first: &[String], second: &[String]) -> Self {
        let text = entry(FILE, first) + &entry(&format!("{FILE}2"), second);
        Self {
            folder: tempfile::tempdir().unwrap(),
            manifest: Manifest::parse(&text).unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    pub(crate) fn ensure(&self, options: &Options) -> Result<Vec<Provided>, Error> {
        self.ensure_in(self.folder.path(), options)
    }

    pub(crate) fn ensure_in(
        &self,
        folder: &Path,
        options: &Options,
    ) -> Result<Vec<Provided>, Error> {
        ensure(&self.manifest, &[Group::MnistTest], folder, options)
    }

    /// What must be true after every failure: nothing under the file's name, and no litter.
    pub(crate) fn assert_clean(&self) {
        let left: Vec<_> = fs::read_dir(self.folder.path().join("mnist"))
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        assert!(left.is_empty(), "{left:?}");
    }

    pub(crate) fn assert_right(&self) {
        assert_eq!(fs::read(self.path()).unwrap(), content());
    }
}

/// The asset: bytes that are not text and do not pack to nothing.
pub(crate) fn content() -> Vec<u8> {
    (0..1000_u32).map(|i| (i * i % 251) as u8).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn entry(file: &str, urls: &[String]) -> String {
    let sources: Vec<_> = urls
        .iter()
        .map(|url| format!(r#"{{ kind = "url", url = "{url}" }}"#))
        .collect();
    format!(
        "[[asset]]\nfile = \"{file}\"\ngroup = \"mnist-test\"\nbytes = {}\nsha256 = \"{}\"\n\
         licence = \"none\"\nprovenance = \"a test\"\nsources = [{}]\n",
        content().len(),
        graft_durable::sha256(&content()),
        sources.join(", ")
    )
}
