//! `graft extract`

use super::{compute, graft, shown, sources};
use crate::Error;
use crate::cli::{Extract, SplitName};
use crate::home::Home;
use crate::output;
use crate::recipe::Recipe;
use graft_dataset::Split;

pub(super) fn run(arguments: &Extract, home: &Home) -> Result<(), Error> {
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
    let images = sources.images(&recipe, split)?;
    let loaded = sources.prefix(&compute, recipe.backbone)?;
    let extracted = loaded
        .extractor(&recipe, &compute, home)
        .features(&images, split)?;
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
