//! Manifests: tables that name every picture of a source with its version, so that whoever reads them neither lists
//! nor opens what it does not need.

use std::io::Write as _;
use std::path::Path;

use graft_durable::{Error as FileError, Pending};
use serde::Serialize;

use crate::error::{refuse, source as source_error};
#[cfg(any(feature = "stores", test))]
use crate::listing::Part;
use crate::listing::{Found, check_classes, found_in};
use crate::survey::{AT_ONCE, survey};
use crate::{Error, remote};

/// What a manifest names.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    /// How many pictures.
    pub pictures: usize,
    /// The name of every class.
    pub classes: Vec<String>,
    /// Why others were left out.
    pub left_out: Vec<String>,
}

/// A row.
#[derive(Serialize)]
struct Row<'a> {
    path: &'a Path,
    label: &'a str,
    split: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<bool>,
}

/// Writes the manifest `to` (`.jsonl`) of a source of pictures: a folder or a table as [`crate::read_pictures`] takes
/// them, of which every file is read once; or the URL of a folder in an object store, which is listed and no more.
/// `advance` is told how many pictures there are, which is 0 where nobody knows, and how many more were looked at. With
/// `skip_bad` those that cannot be read are left out.
///
/// # Errors
/// When the source has no such pictures, some cannot be read, or the manifest cannot be written; and whatever
/// `advance` fails with.
pub fn write_manifest<E: From<Error>>(
    source: &Path,
    to: &Path,
    skip_bad: bool,
    mut advance: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Listed, E> {
    let folder = std::path::absolute(to).map_err(|source| Error::Open {
        path: to.to_owned(),
        source,
    })?;
    let folder = folder.parent().unwrap_or(&folder);
    let is_stored = remote::split(source).is_some();
    let mut found = if is_stored {
        if skip_bad {
            let (found, next) = ("--skip-bad", "leave that out, or give a folder");
            return Ok(source_error(
                source,
                "pictures of an object store, which are not read here",
                found,
                next,
            )?);
        }
        stored(source, &mut advance)?
    } else {
        found_in(source)?.1
    };
    let mut classes: Vec<_> = found.iter().map(|one| one.class.clone()).collect();
    classes.sort();
    classes.dedup();
    check_classes(source, [classes.len(), classes.len(), 0])?;
    let mut left_out = Vec::new();
    if !is_stored {
        let total = found.len();
        for some in found.chunks_mut(AT_ONCE) {
            let paths: Vec<&Path> = some.iter().map(|one| &*one.path).collect();
            let seen = survey(&paths, |more| advance(total, more))?;
            for (one, seen) in some.iter_mut().zip(seen) {
                // A table may be a manifest of then.
                one.seen = seen.map_err(|error| left_out.push(error.to_string())).ok();
            }
        }
        refuse(&left_out, skip_bad)?;
    }
    let mut file = Pending::create(to).map_err(Error::from)?;
    let mut pictures = 0;
    for one in &found {
        let Some(seen) = &one.seen else { continue };
        let path = std::path::absolute(&one.path).unwrap_or_else(|_| one.path.clone());
        let is_remote = remote::split(&one.path).is_some();
        let row = Row {
            path: if is_remote {
                &one.path
            } else {
                path.strip_prefix(folder).unwrap_or(&path)
            },
            label: &one.class,
            split: one.part.name(),
            sha256: (!is_remote).then_some(&seen.version),
            etag: is_remote.then_some(&seen.version),
            width: seen.size.map(|size| size[0]),
            height: seen.size.map(|size| size[1]),
            colour: seen.colour,
        };
        let Ok(mut line) = serde_json::to_vec(&row) else {
            let found = "a name that is no UTF-8";
            return Ok(source_error(
                &one.path,
                "a name in UTF-8",
                found,
                "rename it",
            )?);
        };
        line.push(b'\n');
        let write = FileError::on("write to", to);
        file.write_all(&line).map_err(write).map_err(Error::from)?;
        pictures += 1;
    }
    file.commit().map_err(Error::from)?;
    Ok(Listed {
        pictures,
        classes,
        left_out,
    })
}

/// The pictures in a folder of an object store.
#[cfg(feature = "stores")]
fn stored<E: From<Error>>(
    url: &Path,
    advance: &mut impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Vec<Found>, E> {
    use crate::survey::Surveyed;
    let text = url.to_string_lossy();
    let store = graft_store::Store::open(&text).map_err(Error::from)?;
    let (mut files, mut seen, mut going) = (Vec::new(), 0, Ok(()));
    let walked = store.walk(|file| {
        seen += 1;
        if seen % AT_ONCE == 0 {
            going = advance(0, AT_ONCE);
        }
        // What some tools put in the place of a folder.
        if file.bytes > 0 {
            files.push(file);
        }
        going.is_ok()
    });
    walked.map_err(Error::from)?;
    going?;
    let has_parts = has_parts(files.iter().map(|file| &*file.name));
    let found = files.into_iter().filter_map(|file| {
        let (part, class) = placed(&file.name, has_parts)?;
        Some(Found {
            path: file.url.into(),
            class: class.to_owned(),
            part,
            seen: Some(Surveyed {
                version: file.version,
                size: None,
                colour: None,
            }),
        })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(not(feature = "stores"))]
fn stored<E: From<Error>>(
    url: &Path,
    _: &mut impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Vec<Found>, E> {
    Err(Error::no_stores(url).into())
}

/// Whether files lie below `train`, where each class has a folder.
#[cfg(any(feature = "stores", test))]
fn has_parts<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| {
        let first = name.split_once('/').map(|(first, _)| first);
        first.and_then(Part::named) == Some(Part::Train)
    })
}

/// Part and class of a file, by its name; none where it is no picture of a class.
#[cfg(any(feature = "stores", test))]
fn placed(name: &str, has_parts: bool) -> Option<(Part, &str)> {
    use crate::class_folders::NOT_OURS;
    let hidden = |name: &str| name.starts_with('.') || NOT_OURS.contains(&name);
    if name.split('/').any(hidden) {
        return None;
    }
    let (first, rest) = name.split_once('/')?;
    if !has_parts {
        return Some((Part::Train, first));
    }
    let (class, _) = rest.split_once('/')?;
    Some((Part::named(first)?, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_store_are_placed_as_folders_are() {
        let plain = [
            "cat/1.png",
            "dog/more/2.png",
            "readme",
            ".hidden/3.png",
            "cat/Thumbs.db",
        ];
        assert!(!has_parts(plain.into_iter()));
        let placed_of = |name, has| placed(name, has).map(|(part, class)| (part.name(), class));
        let all = plain.map(|name| placed_of(name, false));
        let cat = Some(("train", "cat"));
        assert_eq!(all, [cat, Some(("train", "dog")), None, None, None]);
        let parts = [
            "train/cat/1.png",
            "test/dog/2.png",
            "notes/x/3.png",
            "train/4.png",
        ];
        assert!(has_parts(parts.into_iter()));
        // No classes, rather than one that is called train.
        let bare = ["train/1.png", "test/2.png"];
        assert!(has_parts(bare.into_iter()));
        assert_eq!(bare.map(|name| placed(name, true)), [None, None]);
        let all = parts.map(|name| placed_of(name, true));
        assert_eq!(all, [cat, Some(("test", "dog")), None, None]);
    }
}
