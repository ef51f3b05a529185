//! A trained run on the sealed test set.

use graft_dataset::Split;
use graft_report::Member;
use graft_report::record::{EVALUATION, Evaluated, MISTAKES, Scores, TEST_PREDICTIONS, Tested};
use graft_report::tensorboard::Events;
use jiff::Timestamp;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::input::image_form;
use crate::inspect;
use crate::sources::Sources;
use crate::trainable::Trainable;
use graft_compute::ComputeContext;
use graft_environment::Paths;
use graft_features::{Extractor, Features};
use graft_recipe::{MNIST, Recipe};
use graft_runs::{Run, indented, mistakes};

/// Evaluates `run` on the test images and records that it did; then, where `views` is above 1, on so many views
/// of each, the image itself included, of which nothing is recorded.
///
/// # Errors
/// When something is missing that cannot be fetched, the run or its weights are not what they were, there are
/// to be views and its recipe has no ranges for them, or the device fails.
pub fn evaluate(
    run: &mut Run,
    views: usize,
    compute: &ComputeContext,
    home: &Paths,
    sources: &mut Sources,
) -> Result<Member, Error> {
    let recipe = viewed(run, views)?;
    let module = Trainable::of_run(run, &recipe, compute)?;
    let data = &run.manifest().data;
    let form = image_form(data, recipe.preprocessing.fit);
    let images = sources.images(&recipe, Split::Test, Some(form))?;
    inspect::test(&images, data);
    let loaded = sources.backbone(compute, recipe.backbone)?;
    run.check_weights(&loaded.hashes)?;
    let extractor = Extractor::new(&loaded, &recipe, compute, home);
    let extracted = extractor.features(&images, Split::Test)?;
    let all: Vec<usize> = (0..images.len()).collect();
    let predict = |features: &Features| {
        let classes = recipe.data.classes;
        let data = LabelledFeatures::new(features, images.labels(), classes, compute);
        module.predictions(&data, &all)
    };
    let predictions = predict(&extracted.features)?;
    let evaluated = Evaluated {
        run: run.folder().display().to_string(),
        evaluated: Timestamp::now(),
        images: extracted.key.images,
        backend: compute.backend.name().into(),
        cache: extracted.cached,
        names: images.names().to_vec(),
        evaluation: predictions.evaluate()?,
        without_label_errors: if recipe.data.source == MNIST {
            Some(Scores::from(
                &predictions.without_label_errors().evaluate()?,
            ))
        } else {
            None
        },
    };
    let mistakes = mistakes(&images, &predictions);
    let events = Events::test(run.manifest(), &evaluated);
    run.add(&[
        (TEST_PREDICTIONS, predictions.to_csv().into_bytes()),
        (MISTAKES, indented(&mistakes)?),
        (events.name(), events.bytes().to_vec()),
        (EVALUATION, indented(&evaluated)?),
    ])?;
    let views = extractor.views(&images, &all, Split::Test)?;
    let views = views.iter().map(|view| predict(&view.features));
    Ok(Member {
        run: evaluated.run.clone(),
        views: views.collect::<Result<_, _>>()?,
        tested: Tested {
            evaluated,
            predictions,
            mistakes,
        },
    })
}

/// The recipe of `run`, with so many views of an image.
///
/// # Errors
/// When there are to be several, and it has no ranges for them; or as [`Run::recipe`].
pub fn viewed(run: &Run, views: usize) -> Result<Recipe, Error> {
    let mut recipe = run.recipe()?;
    recipe.augmentation.views = views;
    if recipe.augmentation.changed_views() > 0 && !recipe.augmentation.has_ranges() {
        return Err(Error::NoRanges(run.folder().to_owned()));
    }
    Ok(recipe)
}
