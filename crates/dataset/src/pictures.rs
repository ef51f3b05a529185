//! From a source of pictures to a set of images: listed, looked at, split, prepared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{refuse, source as no};
use crate::image_set::Origin;
use crate::listing::{Listing, Part, Picture};
use crate::pixels::Pixels;
use crate::prepared::{File, Prepared};
use crate::split::split_apart;
use crate::survey::{self, Surveyed, survey};
use crate::{Error, ImageForm, ImageSet, Preprocessing, Split, remote};

/// Which pictures are wanted, and as what.
#[derive(Clone, Copy, Debug)]
pub struct PictureRequest<'a> {
    /// Training images, with those that the source holds out for validation; or test images.
    pub split: Split,
    /// The share of its training pictures that a source without test pictures gives to the test.
    pub test_share: f64,
    /// Decides which these are, and which a limit leaves.
    pub seed: u64,
    /// How many pictures are used, spread over the classes; 0 uses all.
    pub limit: usize,
    /// Fit and size of the network's input.
    pub preprocessing: Preprocessing,
    /// The form that images must have; none lets the pictures decide.
    pub form: Option<ImageForm>,
    /// The folder of prepared sets.
    pub cache: &'a Path,
    /// Whether pictures that cannot be read are left out rather than refused.
    pub skip_bad: bool,
}

/// What is under way, for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparing {
    /// Files are read and hashed.
    Looking,
    /// Pictures are decoded and scaled.
    Decoding,
}

/// Reads the pictures of `source`: a folder with a subfolder for each class, with `train`, `val` and
/// `test` above them or without; or a table (`.csv` with a head, or `.jsonl`) of `path`, `label` and
/// perhaps `split`. The pictures of a manifest ([`crate::write_manifest`]) are read when they are needed
/// first. Where there is a `base`, they become more of its images, in its form: classes that it does
/// not have are numbered behind its own, and validation pictures are held out only where it has such images.
/// `advance` is told what is under way, of how many pictures, and how many more are done;
/// it may stop the work.
///
/// # Errors
/// When the source has no such pictures, or some cannot be read; and whatever `advance` fails with.
pub fn read_pictures<E: From<Error>>(
    source: &Path,
    request: PictureRequest,
    base: Option<ImageSet>,
    mut advance: impl FnMut(Preparing, usize, usize) -> Result<(), E>,
) -> Result<ImageSet, E> {
    let before = base.as_ref().map(ImageSet::all_names).unwrap_or_default();
    let Listing { classes, pictures } = Listing::read(source, &before)?;
    let own_test = pictures.iter().any(|picture| picture.part == Part::Test);
    let is_wanted = |picture: &Picture| match request.split {
        Split::Test if own_test => picture.part == Part::Test,
        Split::Test => picture.part == Part::Train,
        Split::Train => picture.part != Part::Test,
    };
    let pictures: Vec<_> = pictures.into_iter().filter(is_wanted).collect();
    // Nothing is read of what a manifest tells.
    let is_manifest = pictures.iter().all(|picture| picture.seen.is_some());
    let (mut known, mut left_out) = if is_manifest {
        let known = pictures.into_iter().filter_map(Known::of_manifest);
        (known.collect(), Vec::new())
    } else {
        let total = pictures.len();
        looked_at(pictures, |more| advance(Preparing::Looking, total, more))?
    };
    refuse(&left_out, request.skip_bad)?;
    if !own_test {
        share(&mut known, request)?;
    }
    limit(&mut known, request)?;
    if known.is_empty() {
        if let (Some(base), Split::Test) = (base, request.split) {
            return Ok(base.leaving_out(left_out).named(classes)?);
        }
        let what = match request.split {
            Split::Train => "training pictures",
            Split::Test => "test pictures, or data.test_share above 0",
        };
        return Ok(no(source, what, "none", "give some")?);
    }
    let form = base
        .as_ref()
        .map(|base| base.form(request.preprocessing.fit))
        .or(request.form)
        .unwrap_or_else(|| survey::form(known.iter().map(|one| &one.seen), request.preprocessing));
    let mut places: Vec<usize> = (0..known.len()).collect();
    let mut prepared = None;
    if !is_manifest {
        let total = known.len();
        let files = known.iter().map(|one| (&*one.path, &*one.seen.version));
        let files: Vec<_> = files.collect();
        // From here the time counts.
        advance(Preparing::Decoding, total, 0)?;
        let advance = |more| advance(Preparing::Decoding, total, more);
        let (made, bad) = Prepared::make(&files, form, request.cache, advance)?;
        prepared = Some(made);
        let is_good = |place: usize| bad.binary_search_by_key(&place, |one| one.0).is_err();
        keep(&mut known, is_good);
        places.retain(|place| is_good(*place));
        left_out.extend(bad.into_iter().map(|(_, why)| why));
        refuse(&left_out, request.skip_bad)?;
    }
    let labels = known.iter().map(|one| one.label).collect();
    let is_held = |index: &usize| known[*index].part == Part::Validation;
    let held: Vec<usize> = (0..known.len()).filter(is_held).collect();
    // Those of a manifest it has itself.
    let named = if is_manifest { &[][..] } else { &known[..] };
    let origin = Origin {
        validation: (!held.is_empty()).then_some(held),
        copies: survey::copies(known.iter().map(|one| (&*one.path, &one.seen))),
        left_out,
        files: named
            .iter()
            .map(|one| match &base {
                None => within(source, &one.path),
                Some(_) => one.path.display().to_string(),
            })
            .collect(),
        names: classes,
        removed: Vec::new(),
    };
    let prepared = prepared.unwrap_or_else(|| {
        let files = known.into_iter().map(Known::file).collect();
        Prepared::of_manifest(files, form, request.cache, folder_of(source))
    });
    let pixels = Pixels::Prepared(Arc::new(prepared), places);
    let set = ImageSet::of_pictures(form, pixels, labels, origin)?;
    match base {
        None => Ok(set),
        Some(base) => Ok(base.joined(set)?),
    }
}

/// What is known of pictures, and why others cannot be read.
fn looked_at<E>(
    pictures: Vec<Picture>,
    advance: impl FnMut(usize) -> Result<(), E>,
) -> Result<(Vec<Known>, Vec<String>), E> {
    let paths: Vec<&Path> = pictures.iter().map(|picture| &*picture.path).collect();
    let seen = survey(&paths, advance)?;
    let (mut known, mut left_out) = (Vec::with_capacity(pictures.len()), Vec::new());
    for (picture, seen) in pictures.into_iter().zip(seen) {
        match seen {
            Ok(seen) => known.push(Known::new(picture, seen)),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    Ok((known, left_out))
}

/// Where a picture lies in its source, or beside it where that is a table.
fn within(source: &Path, picture: &Path) -> String {
    let within = picture.strip_prefix(folder_of(source)).unwrap_or(picture);
    within.to_string_lossy().into_owned()
}

/// The source, or the folder with it where it is a table.
fn folder_of(source: &Path) -> &Path {
    match source.parent() {
        Some(parent) if source.is_file() || remote::split(source).is_some() => parent,
        _ => source,
    }
}

/// A picture, and what is known of it.
struct Known {
    path: PathBuf,
    label: u8,
    part: Part,
    seen: Surveyed,
}

impl Known {
    fn new(picture: Picture, seen: Surveyed) -> Self {
        let Picture {
            path, label, part, ..
        } = picture;
        Self {
            path,
            label,
            part,
            seen,
        }
    }

    fn of_manifest(mut picture: Picture) -> Option<Self> {
        let seen = picture.seen.take()?;
        Some(Self::new(picture, seen))
    }

    fn file(self) -> File {
        File {
            path: self.path,
            version: self.seen.version,
        }
    }
}

/// Leaves the share of pictures that is the wanted split's, where the source has no test pictures.
fn share(known: &mut Vec<Known>, request: PictureRequest) -> Result<(), Error> {
    let is_train = |place: &usize| known[*place].part == Part::Train;
    let places: Vec<usize> = (0..known.len()).filter(is_train).collect();
    let train = || places.iter().map(|place| &known[*place]);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count that is far below 2^52"
    )]
    let wanted = (places.len() as f64 * request.test_share).round() as usize;
    let labels: Vec<u8> = train().map(|one| one.label).collect();
    let copies = survey::copies(train().map(|one| (&*one.path, &one.seen)));
    let test = split_apart(&labels, &copies, wanted, request.seed)?.validation;
    let test: Vec<usize> = test.into_iter().map(|index| places[index]).collect();
    keep(known, |place| {
        test.binary_search(&place).is_ok() == (request.split == Split::Test)
    });
    Ok(())
}

/// Leaves as many as the limit says.
fn limit(known: &mut Vec<Known>, request: PictureRequest) -> Result<(), Error> {
    if request.limit == 0 || request.limit >= known.len() {
        return Ok(());
    }
    let labels: Vec<u8> = known.iter().map(|one| one.label).collect();
    let kept = split_apart(&labels, &[], request.limit, request.seed)?.validation;
    keep(known, |place| kept.binary_search(&place).is_ok());
    Ok(())
}

/// Keeps what is at some places.
fn keep(known: &mut Vec<Known>, is_kept: impl Fn(usize) -> bool) {
    let mut place = 0..;
    known.retain(|_| place.next().is_some_and(&is_kept));
}

#[cfg(test)]
mod tests;
