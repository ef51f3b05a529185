//! `graft extract`

use super::{compute, graft, shown, sources};
use crate::cli::{Extract, SplitName};
use crate::output;
use anyhow::Error;
use graft_dataset::Split;
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::Recipe;

pub(super) fn run(arguments: &Extract, paths: &Paths) -> Result<(), Error> {
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
    let extracted = Extractor::new(&loaded, &recipe, &compute, paths).features(&images, split)?;
    output::line(&format!(
        "{} images, {} values each, {:.1} s ({:.0} images/s), cache {}\n{}\n\nNext: {} {}",
        extracted.features.images(),
        extracted.features.width(),
        extracted.seconds,
        extracted.images_per_second(),
        extracted.cached.name(),
        shown(&extracted.path),
        graft(),
        if split == Split::Test {
            "eval"
        } else {
            "train"
        },
    ))
}
