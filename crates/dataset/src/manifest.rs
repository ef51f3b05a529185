//! Manifests: tables that name every picture of a source with its version, so that whoever reads them neither lists
//! nor opens what it does not need.

use std::io::Write as _;
use std::path::Path;

use graft_durable::Pending;
use serde::Serialize;

use crate::error::refuse;
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
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<bool>,
}

/// Writes the manifest `to` (`.jsonl`) of a source of pictures: a folder or a table as [`crate::read_pictures`] takes
/// them, of which every file is read once; or the URL of a folder in an object store, which is listed and no more.
/// `advance` is told how many pictures there are, and how many more were looked at. With `skip_bad` those that cannot
/// be read are left out.
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
    let mut found = if remote::split(source).is_some() {
        stored(source)?
    } else {
        found_in(source)?.1
    };
    let mut classes: Vec<_> = found.iter().map(|one| one.class.clone()).collect();
    classes.sort();
    classes.dedup();
    check_classes(source, [classes.len(), classes.len(), 0])?;
    let mut left_out = Vec::new();
    if found.iter().any(|one| one.seen.is_none()) {
        let total = found.len();
        for some in found.chunks_mut(AT_ONCE) {
            let paths: Vec<&Path> = some.iter().map(|one| &*one.path).collect();
            let seen = survey(&paths, |more| advance(total, more))?;
            for (one, seen) in some.iter_mut().zip(seen) {
                match seen {
                    Ok(seen) => one.seen = Some(seen),
                    Err(error) => left_out.push(error.to_string()),
                }
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
            version: &seen.version,
            width: seen.size.map(|size| size[0]),
            height: seen.size.map(|size| size[1]),
            colour: seen.colour,
        };
        let mut line = serde_json::to_vec(&row).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line).map_err(|source| Error::Open {
            path: to.to_owned(),
            source,
        })?;
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
fn stored(url: &Path) -> Result<Vec<Found>, Error> {
    use crate::survey::Surveyed;
    let text = url.to_string_lossy();
    let text = text.trim_end_matches('/');
    let mut files = Vec::new();
    graft_store::Store::open(text)?.walk(|name, version| {
        files.push((name, version));
        Ok::<_, Error>(())
    })?;
    let names = files.iter().map(|(name, _)| &**name);
    let has_parts = has_parts(names);
    let found = files.into_iter().filter_map(|(name, version)| {
        let (part, class) = placed(&name, has_parts)?;
        Some(Found {
            path: format!("{text}/{name}").into(),
            class: class.to_owned(),
            part,
            seen: Some(Surveyed {
                version,
                size: None,
                colour: None,
            }),
        })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(not(feature = "stores"))]
fn stored(url: &Path) -> Result<Vec<Found>, Error> {
    Err(Error::NoStores(url.to_string_lossy().into_owned()))
}

/// Whether files lie in `train`, below which each class has a folder.
#[cfg(any(feature = "stores", test))]
fn has_parts<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| {
        let mut folders = name.split('/');
        folders.next().and_then(Part::named) == Some(Part::Train) && folders.count() > 1
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
        let all = parts.map(|name| placed_of(name, true));
        assert_eq!(all, [cat, Some(("test", "dog")), None, None]);
    }
}
