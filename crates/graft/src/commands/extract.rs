//! `graft extract` and `graft gather`

use std::io;
use std::path::Path;

use super::{compute, graft, shown, sources};
use crate::cli::{Extract, Gather, ImageArguments, Shards, SplitName};
use crate::output;
use anyhow::{Error, anyhow};
use graft_dataset::{ImageSet, Split};
use graft_environment::Paths;
use graft_features::{Extractor, Part};
use graft_recipe::Recipe;
use serde::Serialize;

/// The exit code for what may work when it is tried again (`EX_TEMPFAIL` of `sysexits.h`).
pub(crate) const TRY_AGAIN: u8 = 75;

/// What a file system says that it says again.
const LASTING: [io::ErrorKind; 5] = [
    io::ErrorKind::InvalidData,
    io::ErrorKind::InvalidInput,
    io::ErrorKind::NotFound,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::UnexpectedEof,
];

/// A shard, as it is told.
#[derive(Serialize)]
struct Told<'a> {
    shard: usize,
    of: usize,
    images: usize,
    cache: &'static str,
    seconds: f64,
    sha256: &'a str,
    file: &'a Path,
}

pub(super) fn run(arguments: &Extract, paths: &Paths) -> Result<(), Error> {
    with(&arguments.images, paths, |extractor, images, split| {
        if let (Some(shards), Some(to)) = (&arguments.shard, &arguments.to) {
            return extract_shards(extractor, images, (split, shards, to));
        }
        let extracted = extractor.features(images, split)?;
        output::line(&format!(
            "{} images, {} values each, {:.1} s ({:.0} images/s), cache {}\n{}\n\nNext: {} {}",
            extracted.features.images(),
            extracted.features.width(),
            extracted.seconds,
            extracted.images_per_second(),
            extracted.cached.name(),
            shown(&extracted.path),
            graft(),
            next(split),
        ))
    })
}

fn extract_shards(
    extractor: &Extractor,
    images: &ImageSet,
    (split, shards, to): (Split, &Shards, &Path),
) -> Result<(), Error> {
    let of = shards.of;
    for number in shards.numbers.clone() {
        let done = extractor.shard(images, split, Part { number, of }, to)?;
        output::line(&serde_json::to_string(&Told {
            shard: number,
            of,
            images: done.images.len(),
            cache: done.cached.name(),
            seconds: done.seconds,
            sha256: &done.sha256,
            file: &done.path,
        })?)?;
    }
    Ok(())
}

pub(super) fn gather(arguments: &Gather, paths: &Paths) -> Result<(), Error> {
    with(&arguments.images, paths, |extractor, images, split| {
        let shards = extractor.shards(images, &arguments.from)?;
        let (of, missing) = (shards.of, &shards.missing);
        if !missing.is_empty() {
            return Err(anyhow!(
                "{} of {of} shards in {} are missing or damaged: {}; {} extract --shard {}/{of} --to {} with the same recipe computes the first of them",
                missing.len(),
                shards.folder.display(),
                ranges(missing),
                graft(),
                missing[0],
                arguments.from.display(),
            ));
        }
        let path = shards.gather(&paths.cache())?;
        output::line(&format!(
            "{of} shards of {} images are whole, and stay where they are\n{}\n\nNext: {} {}",
            images.len(),
            shown(&path),
            graft(),
            next(split),
        ))
    })
}

/// Does something with what extracts features of some images.
fn with<T>(
    arguments: &ImageArguments,
    paths: &Paths,
    run: impl FnOnce(&Extractor, &ImageSet, Split) -> Result<T, Error>,
) -> Result<T, Error> {
    let recipe = Recipe::load(
        &arguments.recipe.recipe,
        &paths.recipes(),
        &arguments.recipe.set,
    )?;
    let split = match arguments.split {
        SplitName::Train => Split::Train,
        SplitName::Test => Split::Test,
    };
    let mut sources = sources(paths, &arguments.outside)?;
    let compute = compute(&arguments.compute, paths)?;
    let form = match split {
        Split::Train => None,
        Split::Test => Some(sources.form(&recipe)?),
    };
    let images = sources.images(&recipe, split, form)?;
    let loaded = sources.backbone(&compute, recipe.backbone)?;
    let extractor = Extractor::new(&loaded, &recipe, &compute, paths);
    run(&extractor, &images, split)
}

fn next(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Test => "eval",
    }
}

/// Ascending numbers in words: `3, 7..9`, where the last is counted in.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, other| one + 1 == *other);
    let told = runs.map(|run| match run {
        [first, .., last] => format!("{first}..{last}"),
        [one] => one.to_string(),
        [] => String::new(),
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Whether what failed may work when it is tried again: a device, a disk or a connection may be better then, and
/// a picture or a recipe stays what it is.
pub(crate) fn may_pass(error: &Error) -> bool {
    error.chain().any(|cause| {
        if let Some(graft_features::Error::Compute(error)) = cause.downcast_ref() {
            return error.may_pass();
        }
        let error = match cause.downcast_ref() {
            Some(graft_features::Error::File(error)) => Some(&error.source),
            _ => cause.downcast_ref::<io::Error>(),
        };
        error.is_some_and(|error| !LASTING.contains(&error.kind()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_told_together() {
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0..2, 5, 7..8");
    }

    #[test]
    fn a_full_disk_may_pass_and_a_missing_file_does_not() {
        let of = |kind| may_pass(&Error::from(io::Error::from(kind)).context("reading"));
        assert!(of(io::ErrorKind::StorageFull) && of(io::ErrorKind::TimedOut));
        assert!(!of(io::ErrorKind::NotFound) && !may_pass(&anyhow!("a wrong recipe")));
    }
}
