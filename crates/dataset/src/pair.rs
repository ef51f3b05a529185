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
    /// Finds the files of `split` in `folder`: plain ones first, then those with `.gz`.
    ///
    /// # Errors
    /// When a file is missing; the message lists the names that were looked for.
    pub fn find(folder: &Path, split: Split) -> Result<Self, Error> {
        let (name, what) = match split {
            Split::Train => ("train", "training"),
            Split::Test => ("t10k", "test"),
        };
        let find = |kind, suffix| {
            let name = format!("{name}-{kind}-{suffix}-ubyte");
            let looked_for = vec![name.clone(), format!("{name}.gz")];
            let mut paths = looked_for.iter().map(|name| folder.join(name));
            paths.find(|path| path.is_file()).ok_or(Error::NoPair {
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
}
