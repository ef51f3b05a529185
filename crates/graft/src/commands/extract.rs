//! `graft extract` and `graft gather`

mod shards;

pub(super) use shards::gather;
pub(crate) use shards::{TRY_AGAIN, may_pass};

use super::{again, compute, graft, on_all, shown, sources};
use crate::cli::{Extract, ImageArguments, SplitName};
use crate::output;
use anyhow::Error;
use graft_compute::ComputeContext;
use graft_dataset::{ImageSet, Split};
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::Recipe;

pub(super) fn run(arguments: &Extract, paths: &Paths) -> Result<(), Error> {
    if let (Some(which), Some(to)) = (&arguments.shard, &arguments.to) {
        let devices = on_all(&arguments.images.compute, paths)?;
        return on(
            &devices,
            &arguments.images,
            paths,
            |extractors, images, _| shards::extract(extractors, images, (which, to)),
        );
    }
    with(&arguments.images, paths, |extractor, images, split| {
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
            next(&arguments.images),
        ))
    })
}

/// Does something with what extracts features of some images.
fn with(
    arguments: &ImageArguments,
    paths: &Paths,
    run: impl Fn(&Extractor, &ImageSet, Split) -> Result<(), Error>,
) -> Result<(), Error> {
    let device = [compute(&arguments.compute, paths)?];
    on(&device, arguments, paths, |extractors, images, split| {
        extractors
            .iter()
            .try_for_each(|one| run(one, images, split))
    })
}

/// The same on each of several devices.
fn on(
    devices: &[ComputeContext],
    arguments: &ImageArguments,
    paths: &Paths,
    run: impl FnOnce(&[Extractor], &ImageSet, Split) -> Result<(), Error>,
) -> Result<(), Error> {
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
    let form = match split {
        Split::Train => None,
        Split::Test => Some(sources.form(&recipe)?),
    };
    let images = sources.images(&recipe, split, form)?;
    let loaded = devices
        .iter()
        .map(|compute| sources.backbone(compute, recipe.backbone));
    let loaded = loaded.collect::<Result<Vec<_>, _>>()?;
    let extractors = loaded.iter().zip(devices);
    let extractors =
        extractors.map(|(loaded, compute)| Extractor::new(loaded, &recipe, compute, paths));
    run(&extractors.collect::<Vec<_>>(), &images, split)
}

/// What the features are for.
fn next(arguments: &ImageArguments) -> String {
    match arguments.split {
        SplitName::Train => format!("train{}", again(&arguments.recipe)),
        SplitName::Test => "eval".to_owned(),
    }
}
