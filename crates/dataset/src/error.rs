//! Everything that can be wrong with a data set or a picture. Each message names the file, what
//! was expected, what was found, and what to do next.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::PictureFault;
use crate::idx::MAX_IDX_BYTES;

/// What a file path reads as when a set was made in memory.
pub(crate) const IN_MEMORY: &str = "(in memory)";

/// Why images could not be read, split or prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The operating system refused to open a file.
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    /// A symbolic link to a file that does not exist.
    #[error("{} is a broken link: expected a file at {}, found none; mend the link, or give the file itself", path.display(), target.display())]
    BrokenLink { path: PathBuf, target: PathBuf },
    /// A folder, a pipe or a device where a file should be.
    #[error("{} is not a regular file; give the path of a file", path.display())]
    NotAFile { path: PathBuf },
    /// No IDX file under any of its conventional names.
    #[error("found no {what} in {}: looked for {}; fetch the data set, name the folder that holds it, or set data.prefix to what the names begin with", folder.display(), looked_for.join(", "))]
    NoPair {
        what: String,
        folder: PathBuf,
        looked_for: Vec<String>,
    },
    /// A file that is not a whole IDX file of the expected kind.
    #[error("{}: {fault}", path.display())]
    Idx { path: PathBuf, fault: IdxFault },
    /// Images and labels do not belong together.
    #[error("expected as many labels as images, found {image_count} images in {} and {label_count} labels in {}; check that both files are of the same set", images.display(), labels.display())]
    CountMismatch {
        images: PathBuf,
        image_count: usize,
        labels: PathBuf,
        label_count: usize,
    },
    /// Images of another size than those that a run was trained on.
    #[error("{}: expected images of {expected}, as the training images are, found {found}; give test images made as those are", path.display())]
    OtherSize {
        path: PathBuf,
        expected: String,
        found: String,
    },
    /// A label names no class.
    #[error("{}: expected labels below {classes}, found {found} at index {index}; set the number of classes that the set has", path.display())]
    Label {
        path: PathBuf,
        index: usize,
        found: u8,
        classes: usize,
    },
    /// Sizes or counts that make no set, split or network input.
    #[error("expected {expected}, found {found}; {next}")]
    Value {
        expected: String,
        found: String,
        next: String,
    },
    /// Pictures that cannot be read.
    #[error("{} cannot be used:{}\nmend or delete them, or leave them out with --skip-bad", count(bad.len(), "picture"), lines(bad))]
    Unreadable { bad: Vec<String> },
    /// A folder or file that holds no labelled pictures.
    #[error("{}: expected {expected}, found {found}; {next}", path.display())]
    Source {
        path: PathBuf,
        expected: &'static str,
        found: String,
        next: &'static str,
    },
    /// A picture of a manifest that cannot be used.
    #[error("{}: {fault}; or delete its row from the manifest", path.display())]
    OfManifest { path: PathBuf, fault: PictureFault },
    /// A picture that is not the one of its manifest.
    #[error("{}: expected version {expected}, as the manifest has it, found {found}; give the picture of then, or make the manifest again with graft manifest", path.display())]
    OtherVersion {
        path: PathBuf,
        expected: String,
        found: String,
    },
    /// An object store that refuses.
    #[cfg(feature = "stores")]
    #[error(transparent)]
    Store(#[from] graft_store::Error),
    /// A URL where the program was built without object stores.
    #[error(
        "this graft was built without object stores, which {scheme}:// needs; `cargo xtask build --stores` in a checkout builds one with them, or give a folder"
    )]
    NoStores { scheme: String },
    /// A prepared set that cannot be written or read.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// A picture that cannot be brought to the form of a set's images.
    #[error("{}: {fault}", path.display())]
    Picture {
        path: PathBuf,
        #[source]
        fault: PictureFault,
    },
}

impl Error {
    /// [`Error::NoStores`], which does not show the URL: a password may stand in it.
    #[must_use]
    pub fn no_stores(url: &Path) -> Self {
        let url = url.to_string_lossy();
        let scheme = url.split("://").next().unwrap_or_default().to_owned();
        Self::NoStores { scheme }
    }
}

/// What is wrong with an IDX file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum IdxFault {
    /// The operating system refused to read on.
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
    /// The file does not begin as an IDX file does.
    #[error("expected an IDX file, which starts with 00 00, found {:02x} {:02x}; fetch the file again", .0[0], .0[1])]
    Magic([u8; 2]),
    /// The IDX file holds something other than bytes.
    #[error(
        "expected IDX type code 0x08 (unsigned bytes), found 0x{0:02x}; convert the file to unsigned bytes"
    )]
    TypeCode(u8),
    /// The IDX file has another number of dimensions.
    #[error(
        "expected {expected} IDX dimension(s), found {found}; images have 3 and labels 1, so check that the two files are not swapped"
    )]
    Rank { expected: usize, found: u8 },
    /// A dimension is zero.
    #[error("expected dimensions of at least 1, found {0:?}; fetch the file again")]
    ZeroDimension(Vec<u32>),
    /// The dimensions multiply to more than [`MAX_IDX_BYTES`].
    #[error(
        "expected at most {MAX_IDX_BYTES} bytes of data, found a header that declares {0:?}; fetch the file again, or split the set"
    )]
    TooLarge(Vec<u32>),
    /// The file ends early.
    #[error("cut short: expected {expected} bytes unpacked, found {found}; fetch the file again")]
    Truncated { expected: u64, found: u64 },
    /// The file goes on after its data.
    #[error("expected exactly {expected} bytes unpacked, found more; fetch the file again")]
    Trailing { expected: u64 },
    /// The gzip stream is cut short, damaged, or fails its checksum.
    #[error(
        "expected an intact gzip stream, found one that is damaged or cut short ({0}); fetch the file again"
    )]
    Gzip(io::Error),
}

/// How many problems are told one by one.
const TOLD: usize = 50;

/// Problems one a line, and how many more there are.
fn lines(problems: &[String]) -> String {
    let more = problems.len().saturating_sub(TOLD);
    let told = problems.iter().take(TOLD).cloned();
    told.chain((more > 0).then(|| format!("and {more} more")))
        .flat_map(|line| ["\n  ".to_owned(), line])
        .collect()
}

/// So many things, in words.
pub(crate) fn count(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// Refuses pictures that cannot be read, where they are not to be left out.
pub(crate) fn refuse(bad: &[String], skip_bad: bool) -> Result<(), Error> {
    if bad.is_empty() || skip_bad {
        return Ok(());
    }
    let bad = bad.to_vec();
    Err(Error::Unreadable { bad })
}

/// [`Error::Value`], in words.
pub(crate) fn value<T>(
    expected: impl Into<String>,
    found: impl Display,
    next: impl Into<String>,
) -> Result<T, Error> {
    Err(Error::Value {
        expected: expected.into(),
        found: found.to_string(),
        next: next.into(),
    })
}

/// Opens a regular file. That it is one is asked before opening, since opening a pipe waits for its
/// other end.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let failed = |source: io::Error| match fs::read_link(path) {
        Ok(target) if source.kind() == io::ErrorKind::NotFound => Error::BrokenLink {
            path: path.to_owned(),
            target,
        },
        _ => Error::Open {
            path: path.to_owned(),
            source,
        },
    };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(failed)
}

/// [`Error::Source`].
pub(crate) fn source<T>(
    path: &Path,
    expected: &'static str,
    found: impl Into<String>,
    next: &'static str,
) -> Result<T, Error> {
    Err(Error::Source {
        path: path.to_owned(),
        expected,
        found: found.into(),
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_broken_link_is_named_as_such_with_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("train-images-idx3-ubyte");
        std::os::unix::fs::symlink("gone/images", &link).unwrap();
        let labels = folder.path().join("train-labels-idx1-ubyte");
        fs::write(&labels, b"").unwrap();
        let pair = crate::IdxPair::find(folder.path(), crate::Split::Train).unwrap();
        assert_eq!(pair.images, link);
        let error = open(&pair.images).unwrap_err().to_string();
        assert!(
            error.contains("train-images-idx3-ubyte is a broken link"),
            "{error}"
        );
        assert!(error.contains("gone/images"), "{error}");
        assert!(matches!(
            open(&folder.path().join("absent")),
            Err(Error::Open { .. })
        ));
    }
}
