//! Where a folder keeps its images and labels, by the names that MNIST's files have.

use std::path::{Path, PathBuf};

use crate::Error;

/// One of the two halves that MNIST comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`.
    Train,
    /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.
    Test,
}

/// Two IDX files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxPair {
    /// The file of the images.
    pub images: PathBuf,
    /// The file of the labels.
    pub labels: PathBuf,
}

impl IdxPair {
    /// Finds the files of `split` in `folder`: plain ones first, then those with `.gz`; with a dash or a
    /// dot before `idx`.
    ///
    /// # Errors
    /// When a file is missing; the message lists the names that were looked for.
    pub fn find(folder: &Path, split: Split) -> Result<Self, Error> {
        Self::with_prefix(folder, split, "")
    }

    /// As [`IdxPair::find`], where the files' names begin with `prefix`, such as EMNIST's `emnist-letters`.
    ///
    /// # Errors
    /// As [`IdxPair::find`].
    pub fn with_prefix(folder: &Path, split: Split, prefix: &str) -> Result<Self, Error> {
        let find = |kind: &str, suffix| {
            let looked_for = names(split, prefix, kind, suffix);
            let mut paths = looked_for.iter().map(|name| folder.join(name));
            let what = match split {
                Split::Train => "training",
                Split::Test => "test",
            };
            // A broken link is found, so that reading it says what is wrong.
            paths
                .find(|path| path.is_file() || path.is_symlink())
                .ok_or(Error::NoPair {
                    what: format!("{what} {kind}"),
                    folder: folder.to_owned(),
                    looked_for,
                })
        };
        Ok(Self {
            images: find("images", "idx3")?,
            labels: find("labels", "idx1")?,
        })
    }

    /// Whether `folder` has a file of images with such a name, of any split.
    #[must_use]
    pub fn is_in(folder: &Path, prefix: &str) -> bool {
        let names = [Split::Train, Split::Test].map(|split| names(split, prefix, "images", "idx3"));
        names
            .iter()
            .flatten()
            .any(|name| folder.join(name).is_file())
    }
}

/// The names that a file may have, the likelier first.
fn names(split: Split, prefix: &str, kind: &str, suffix: &str) -> Vec<String> {
    let splits: &[&str] = match split {
        Split::Train => &["train"],
        // MNIST's, and EMNIST's.
        Split::Test => &["t10k", "test"],
    };
    let dash = if prefix.is_empty() { "" } else { "-" };
    let mut names = Vec::new();
    for split in splits {
        for before in ["-", "."] {
            let name = format!("{prefix}{dash}{split}-{kind}{before}{suffix}-ubyte");
            names.extend([name.clone(), format!("{name}.gz")]);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_goes_before_gzip() {
        let folder = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(folder.path().join(name), b"").unwrap();
        touch("t10k-images-idx3-ubyte.gz");
        let error = IdxPair::find(folder.path(), Split::Test).unwrap_err();
        assert!(
            error.to_string().contains("test labels in ")
                && error
                    .to_string()
                    .contains("t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz"),
            "{error}"
        );
        touch("t10k-labels-idx1-ubyte.gz");
        touch("t10k-labels-idx1-ubyte");
        let pair = IdxPair::find(folder.path(), Split::Test).unwrap();
        assert_eq!(
            (pair.images, pair.labels),
            (
                folder.path().join("t10k-images-idx3-ubyte.gz"),
                folder.path().join("t10k-labels-idx1-ubyte"),
            )
        );
        assert!(IdxPair::find(folder.path(), Split::Train).is_err());
    }
    #[test]
    fn names_with_dots_and_prefixes() {
        for (files, prefix) in [
            (
                ["train-images.idx3-ubyte", "train-labels.idx1-ubyte.gz"],
                "",
            ),
            (
                [
                    "emnist-letters-train-images-idx3-ubyte.gz",
                    "emnist-letters-train-labels-idx1-ubyte",
                ],
                "emnist-letters",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let paths = files.map(|file| folder.path().join(file));
            for path in &paths {
                std::fs::write(path, b"").unwrap();
            }
            let pair = IdxPair::with_prefix(folder.path(), Split::Train, prefix).unwrap();
            assert_eq!([pair.images, pair.labels], paths);
            assert!(IdxPair::is_in(folder.path(), prefix));
            assert!(!IdxPair::is_in(folder.path(), "other"));
        }
        let names = names(Split::Test, "emnist-letters", "images", "idx3");
        assert!(names.contains(&"emnist-letters-test-images-idx3-ubyte.gz".to_owned()));
    }
}
