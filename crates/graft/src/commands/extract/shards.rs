//! Shards of features: computed by workers, gathered by whoever trains.

#[cfg(feature = "stores")]
mod store;

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use super::{graft, next, shown, with};
use crate::cli::{Gather, Place, Shards};
use crate::output;
use anyhow::{Error, anyhow, bail};
use graft_dataset::{ImageSet, Split};
use graft_environment::Paths;
use graft_features::{Extractor, Part, Shard};
use serde::Serialize;

/// The exit code for what may work when it is tried again (`EX_TEMPFAIL` of `sysexits.h`).
pub(crate) const TRY_AGAIN: u8 = 75;

/// What a file system says that it says again.
const LASTING: [io::ErrorKind; 9] = [
    io::ErrorKind::AlreadyExists,
    io::ErrorKind::InvalidData,
    io::ErrorKind::InvalidInput,
    io::ErrorKind::IsADirectory,
    io::ErrorKind::NotADirectory,
    io::ErrorKind::NotFound,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::ReadOnlyFilesystem,
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

/// Computes the shards `which` of `images`, where they are not there yet, and tells of each. Each extractor takes the
/// next that nobody has taken.
pub(super) fn extract(
    extractors: &[Extractor],
    images: &ImageSet,
    (which, to): (&Shards, &Place),
) -> Result<(), Error> {
    let of = which.of;
    let Some(first) = extractors.first() else {
        return Ok(());
    };
    let engines: BTreeSet<String> = extractors.iter().map(Extractor::engine).collect();
    if engines.len() > 1 {
        let engines: Vec<_> = engines.into_iter().collect();
        bail!(
            "expected one engine for all devices, found {}; name one that all have with --engine",
            engines.join(" and ")
        );
    }
    // Once: it hashes every image.
    let key = first.key(images)?;
    let left = Mutex::new(which.numbers.clone());
    let lock = || left.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || lock().next().map(|number| Part { number, of });
    let work = |extractor: &Extractor| match to {
        Place::Folder(folder) => {
            while let Some(part) = next() {
                let done = extractor.shard((images, &key), part, folder)?;
                tell(part, &done)?;
            }
            Ok(())
        }
        #[cfg(feature = "stores")]
        Place::Store(url) => store::extract(extractor, (images, &key), (&next, url)),
        #[cfg(not(feature = "stores"))]
        Place::Store(url) => Err(no_stores(url)),
    };
    // After one that failed nothing new begins.
    let work = |extractor| work(extractor).inspect_err(|_| *lock() = 0..0);
    thread::scope(|scope| {
        let others = extractors.iter().skip(1);
        let others: Vec<_> = others.map(|one| scope.spawn(|| work(one))).collect();
        let first = work(first);
        let ended = others.into_iter().map(|other| match other.join() {
            Ok(ended) => ended,
            Err(panic) => resume_unwind(panic),
        });
        ended.fold(first, Result::and)
    })
}

fn tell(Part { number, of }: Part, done: &Shard) -> Result<(), Error> {
    output::line(&serde_json::to_string(&Told {
        shard: number,
        of,
        images: done.images.len(),
        cache: done.cached.name(),
        seconds: done.seconds,
        sha256: &done.sha256,
        file: &done.path,
    })?)
}

/// `graft gather`
pub(crate) fn gather(arguments: &Gather, paths: &Paths) -> Result<(), Error> {
    with(&arguments.images, paths, |extractor, images, split| {
        let (cache, key) = (paths.cache(), extractor.key(images)?);
        let _lock = graft_features::lock(&key.path(&cache))?;
        let shards = match &arguments.from {
            Place::Folder(folder) => extractor.shards(&key, folder)?,
            #[cfg(feature = "stores")]
            Place::Store(url) if arguments.in_place => store::check(extractor, &key, url)?,
            #[cfg(feature = "stores")]
            Place::Store(url) => {
                store::copy(extractor, &key, (url, &cache))?;
                extractor.shards(&key, &cache)?
            }
            #[cfg(not(feature = "stores"))]
            Place::Store(url) => return Err(no_stores(url)),
        };
        let (of, missing) = (shards.of, &shards.missing);
        if !missing.is_empty() {
            return Err(anyhow!(
                "{} of {of} shards of {} are missing or damaged in {}: {}; {} extract{} --shard {}/{of} --to {} with the same recipe computes the first of them",
                missing.len(),
                shards.folder.file_name().unwrap_or_default().display(),
                arguments.from,
                ranges(missing),
                graft(),
                if split == Split::Test {
                    " --split test"
                } else {
                    ""
                },
                missing[0],
                arguments.from,
            ));
        }
        let stay = match &arguments.from {
            Place::Store(_) if !arguments.in_place => "were copied",
            Place::Folder(_) | Place::Store(_) => "stay where they are",
        };
        let path = shards.gather(&cache)?;
        output::line(&format!(
            "{of} shards of {} images are whole, and {stay}\n{}\n\nNext: {} {}",
            images.len(),
            shown(&path),
            graft(),
            next(&arguments.images),
        ))
    })
}

#[cfg(not(feature = "stores"))]
fn no_stores(url: &str) -> Error {
    graft_dataset::Error::no_stores(Path::new(url)).into()
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
        let of_device = match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(graft_features::Error::Compute(error)), _)
            | (_, Some(graft_trainer::Error::Compute(error))) => Some(error),
            _ => cause.downcast_ref::<graft_compute::Error>(),
        };
        if let Some(error) = of_device {
            return error.may_pass();
        }
        #[cfg(feature = "stores")]
        if let Some(error) = cause.downcast_ref::<graft_store::Error>()
            && error.may_pass()
        {
            return true;
        }
        let of_file = cause.downcast_ref::<io::Error>();
        of_file.is_some_and(|error| !LASTING.contains(&error.kind()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_compute::device::Wanted;
    use graft_compute::{Backend, ComputeContext, Engine, LoadedBackbone};
    use graft_recipe::Recipe;
    use std::collections::BTreeMap;
    use std::fs;

    #[test]
    #[ignore = "needs the fetched assets; run by cargo xtask test"]
    fn several_devices_compute_what_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Paths::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let (recipe, paths) = (Recipe::default(), Paths::at(folder.path()));
        let wanted = Wanted {
            number: Some(0),
            allow_software: true,
        };
        let engines = [None, None, None, Some(Engine::Burn)];
        let contexts = engines.map(|engine| {
            ComputeContext::new(Backend::Cpu, engine, wanted, &paths.kernels()).unwrap()
        });
        let weights = checkout.weights(recipe.backbone.network.name);
        let loaded = contexts
            .each_ref()
            .map(|compute| LoadedBackbone::read(&weights, recipe.backbone, compute).unwrap());
        let both = loaded.iter().zip(&contexts);
        let extractors: Vec<_> = both
            .map(|(loaded, compute)| Extractor::new(loaded, &recipe, compute, &paths))
            .collect();
        let pixels = (0..40 * 28 * 28).map(|at: usize| at.to_le_bytes()[0].wrapping_mul(31));
        let images = ImageSet::new(28, 28, pixels.collect(), vec![1; 40], 2).unwrap();
        let shards = |some: &[Extractor], name: &str| {
            let to = folder.path().join(name);
            let all = Shards {
                numbers: 0..9,
                of: 9,
            };
            extract(some, &images, (&all, &Place::Folder(to.clone()))).unwrap();
            let entry = fs::read_dir(to).unwrap().next().unwrap().unwrap().path();
            let files = fs::read_dir(entry)
                .unwrap()
                .map(|file| file.unwrap().path());
            let read = |path: std::path::PathBuf| {
                (
                    path.file_name().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                )
            };
            files.map(read).collect::<BTreeMap<_, _>>()
        };
        let one = shards(&extractors[..1], "one");
        assert_eq!(one.len(), 9 + 1, "{:?}", one.keys());
        assert!(one == shards(&extractors[..3], "all"));
        // Two engines would give features of which the key tells one.
        let all = Shards {
            numbers: 0..9,
            of: 9,
        };
        let place = Place::Folder(folder.path().join("mixed"));
        let mixed = extract(&extractors[2..], &images, (&all, &place)).unwrap_err();
        assert!(mixed.to_string().contains("--engine"), "{mixed}");
        assert!(!folder.path().join("mixed").exists());
    }

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
