//! Which pictures a source has, and what they are labelled: from a folder with a subfolder a class, or a
//! table. Nothing of a picture is read here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::source;
use crate::survey::Surveyed;
use crate::{Error, class_folders, table};

/// The most classes, for a label is one byte.
const MAX_CLASSES: usize = 256;

/// What a source keeps a picture for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// The part of that name, as folders and tables have it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }

    /// The name by which tables have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "val",
            Self::Test => "test",
        }
    }
}

/// A picture of a source, before its classes are numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) class: String,
    pub(crate) part: Part,
    /// What a manifest says of it.
    pub(crate) seen: Option<Surveyed>,
}

/// A labelled picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) path: PathBuf,
    pub(crate) label: u8,
    pub(crate) part: Part,
    /// What a manifest says of it.
    pub(crate) seen: Option<Surveyed>,
}

/// The pictures of a source, in the order of their files' names, whatever class they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The name of every class: those that are known before, then numbers by their value, others by the alphabet.
    pub(crate) classes: Vec<String>,
    pub(crate) pictures: Vec<Picture>,
}

impl Listing {
    /// Lists the pictures of `source`: a folder, or a file in CSV or JSON lines. Of its classes those that are
    /// `known` keep their numbers.
    pub(crate) fn read(source: &Path, known: &[String]) -> Result<Self, Error> {
        let (classes, found) = found_in(source)?;
        Self::new(source, classes, known, found)
    }

    fn new(
        path: &Path,
        classes: BTreeSet<String>,
        known: &[String],
        mut found: Vec<Found>,
    ) -> Result<Self, Error> {
        // Beside others an empty folder is no class.
        let classes = match known {
            [] => classes,
            _ => found.iter().map(|one| one.class.clone()).collect(),
        };
        let count = classes.len();
        let mut new: Vec<String> = classes
            .into_iter()
            .filter(|class| !known.contains(class))
            .collect();
        check_classes(path, [count, new.len(), known.len()])?;
        if let Some(numbers) = numbers(&new) {
            let mut numbered: Vec<_> = numbers.into_iter().zip(new).collect();
            numbered.sort();
            new = numbered.into_iter().map(|(_, class)| class).collect();
        }
        let classes = [known, &new].concat();
        // No more memory for this: there may be millions.
        found.sort_unstable_by(|a, b| {
            a.path
                .file_name()
                .cmp(&b.path.file_name())
                .then_with(|| a.path.cmp(&b.path))
                .then_with(|| (&a.class, a.part).cmp(&(&b.class, b.part)))
        });
        let label = |class: &str| classes.iter().position(|known| known == class);
        let labelled = |one: Found| Picture {
            label: label(&one.class)
                .and_then(|label| u8::try_from(label).ok())
                .unwrap_or(u8::MAX),
            path: one.path,
            part: one.part,
            seen: one.seen,
        };
        Ok(Self {
            pictures: found.into_iter().map(labelled).collect(),
            classes,
        })
    }
}

/// The classes and the pictures of a folder or a table.
pub(crate) fn found_in(source: &Path) -> Result<(BTreeSet<String>, Vec<Found>), Error> {
    if source.is_dir() {
        return class_folders::read(source);
    }
    let found = table::read(source)?;
    let classes = found.iter().map(|one| one.class.clone()).collect();
    Ok((classes, found))
}

/// Refuses no classes, and too few or too many of them: those that were found, those of these that are new, and those
/// that were known before.
pub(crate) fn check_classes(path: &Path, [found, new, known]: [usize; 3]) -> Result<(), Error> {
    if found > 0 && (2..=MAX_CLASSES).contains(&(known + new)) {
        return Ok(());
    }
    let (expected, next) = if known == 0 {
        (
            "2 to 256 classes of pictures, each in a subfolder of its own",
            "give such a folder, a table of path and label (.csv or .jsonl), or IDX files",
        )
    } else {
        (
            "pictures, those of each class in a subfolder of its own, and 256 classes in all at most",
            "give such a folder, or a table of path and label (.csv or .jsonl)",
        )
    };
    source(path, expected, found.to_string(), next)
}

/// The classes as numbers, where all of them are.
fn numbers(classes: &[String]) -> Option<Vec<u64>> {
    classes.iter().map(|class| class.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
