//! `graft extract` and `graft gather`

mod shards;

pub(super) use shards::gather;
pub(crate) use shards::{TRY_AGAIN, may_pass};

use super::{again, compute, graft, shown, sources};
use crate::cli::{Extract, ImageArguments, SplitName};
use crate::output;
use anyhow::Error;
use graft_dataset::{ImageSet, Split};
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::Recipe;

pub(super) fn run(arguments: &Extract, paths: &Paths) -> Result<(), Error> {
    with(&arguments.images, paths, |extractor, images, split| {
        if let (Some(which), Some(to)) = (&arguments.shard, &arguments.to) {
            return shards::extract(extractor, images, (which, to));
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
            next(&arguments.images),
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

/// What the features are for.
fn next(arguments: &ImageArguments) -> String {
    match arguments.split {
        SplitName::Train => format!("train{}", again(&arguments.recipe)),
        SplitName::Test => "eval".to_owned(),
    }
}
