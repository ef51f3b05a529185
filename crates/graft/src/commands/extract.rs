//! `graft extract`

use super::{compute, graft, shown, sources};
use crate::cli::{Extract, SplitName};
use crate::output;
use anyhow::Error;
use graft_dataset::Split;
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::Recipe;

pub(super) fn run(arguments: &Extract, home: &Paths) -> Result<(), Error> {
    let recipe = Recipe::load(
        &arguments.recipe.recipe,
        &home.recipes(),
        &arguments.recipe.set,
    )?;
    let split = match arguments.split {
        SplitName::Train => Split::Train,
        SplitName::Test => Split::Test,
    };
    let mut sources = sources(home, &arguments.outside)?;
    let compute = compute(&arguments.compute, home)?;
    let images = sources.images(&recipe.data, split)?;
    let loaded = sources.prefix(&compute, recipe.backbone)?;
    let extracted = Extractor::new(&loaded, &recipe, &compute, home).features(&images, split)?;
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
