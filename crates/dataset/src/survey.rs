//! A first look at pictures: which file each is, how large, and whether it has colours.

use std::collections::HashMap;
use std::path::Path;

use graft_durable::sha256;
use rayon::prelude::*;

use crate::error::open;
use crate::{Error, ImageForm, Preprocessing, picture, remote};

/// What is known of a picture before it is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Surveyed {
    /// Of its file: the SHA-256 of its content, or what an object store tells versions by.
    pub(crate) version: String,
    /// Width and height when it is upright, where that is known.
    pub(crate) size: Option<[u32; 2]>,
    pub(crate) colour: Option<bool>,
}

/// How many pictures are looked at between two calls that tell how far it is.
pub(crate) const AT_ONCE: usize = 1024;

/// Looks at all pictures: what is known of each, or why it cannot be read.
pub(crate) fn survey<E>(
    pictures: &[impl AsRef<Path> + Sync],
    mut advance: impl FnMut(usize) -> Result<(), E>,
) -> Result<Vec<Result<Surveyed, Error>>, E> {
    let mut surveyed = Vec::with_capacity(pictures.len());
    for some in pictures.chunks(AT_ONCE) {
        surveyed.par_extend(some.par_iter().map(|picture| look(picture.as_ref())));
        advance(some.len())?;
    }
    Ok(surveyed)
}

fn look(path: &Path) -> Result<Surveyed, Error> {
    let file = open(path)?;
    let look = || {
        let bytes = picture::read(file)?;
        let (size, colour) = picture::look(&bytes)?;
        Ok(Surveyed {
            version: sha256(&bytes),
            size: Some(size),
            colour: Some(colour),
        })
    };
    look().map_err(|fault| Error::Picture {
        path: path.to_owned(),
        fault,
    })
}

/// The form that images of these pictures have: the pictures' own size where it is the same for all and
/// no larger than the network's input, and else that of the input; grey where all are. What is not known counts as
/// different and in colours.
pub(crate) fn form<'a>(
    surveyed: impl Iterator<Item = &'a Surveyed> + Clone,
    preprocessing: Preprocessing,
) -> ImageForm {
    let size = preprocessing.size;
    let mut sizes = surveyed
        .clone()
        .map(|one| Some(one.size?.map(|side| side as usize)));
    let first = sizes
        .next()
        .flatten()
        .filter(|sides| sides.iter().all(|side| *side <= size));
    let [columns, rows] = match first {
        Some(first) if sizes.all(|other| other == Some(first)) => first,
        _ => [size; 2],
    };
    let colour = { surveyed }.any(|one| one.colour != Some(false));
    ImageForm {
        rows,
        columns,
        channels: if colour { 3 } else { 1 },
        fit: preprocessing.fit,
    }
}

/// For every picture the first that is the same file, as far as that is known: of an object store's it is not.
pub(crate) fn copies<'a>(surveyed: impl Iterator<Item = (&'a Path, &'a Surveyed)>) -> Vec<usize> {
    let mut firsts = HashMap::new();
    let numbered = surveyed.enumerate();
    numbered
        .map(|(index, (path, one))| match remote::split(path) {
            Some(_) => index,
            None => *firsts.entry(&*one.version).or_insert(index),
        })
        .collect()
}
