//! A trained run on the sealed test set.

use graft_dataset::Split;
use graft_report::Member;
use graft_report::record::{
    EVALUATION, EXPLAINED, Evaluated, MISTAKES, Scores, TEST_PREDICTIONS, Tested,
};
use graft_report::tensorboard::Events;
use jiff::Timestamp;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::explain::explain;
use crate::familiarity::none_of_these;
use crate::input::image_form;
use crate::inspect;
use crate::sources::Sources;
use crate::trainable::Trainable;
use graft_compute::ComputeContext;
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::Recipe;
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
    let head = compute.of_head(recipe.backbone);
    let module = Trainable::of_run(run, &recipe, &head)?;
    let data = &run.manifest().data;
    let form = image_form(data, recipe.preprocessing.fit);
    let images = sources.images(&recipe, Split::Test, Some(form))?;
    let (trained, found) = (data.all_names(), images.all_names());
    if found != trained {
        return Err(Error::OtherClasses {
            run: run.folder().to_owned(),
            expected: trained.join(", "),
            found: found.join(", "),
        });
    }
    inspect::test(&images, data);
    let loaded = sources.backbone(compute, recipe.backbone)?;
    run.check_weights(&loaded.hashes)?;
    let extractor = Extractor::new(&loaded, &recipe, compute, home);
    let extracted = extractor.features(&images, Split::Test)?;
    let all: Vec<usize> = (0..images.len()).collect();
    let (labels, classes) = (images.labels(), images.classes());
    let labelled = |features| LabelledFeatures::new(features, labels, classes, &head);
    let plain = labelled(&extracted.features);
    let predictions = module.predictions(&plain, &all)?;
    let evaluated = Evaluated {
        run: run.folder().display().to_string(),
        evaluated: Timestamp::now(),
        images: extracted.key.images,
        backend: compute.backend.name().into(),
        cache: extracted.cached,
        names: images.names().to_vec(),
        evaluation: predictions.evaluate()?,
        without_label_errors: if data.is_mnist() {
            Some(Scores::from(
                &predictions.without_label_errors().evaluate()?,
            ))
        } else {
            None
        },
        none_of_these: none_of_these(run, &module, &plain, &all)?,
    };
    let wrong = predictions.mistakes_to_show().into_iter();
    images.prepare(&wrong.map(|row| row.index).collect::<Vec<_>>())?;
    let mistakes = mistakes(&images, &predictions);
    let explained = explain(
        run,
        &recipe,
        &module,
        (&plain, &predictions),
        &mistakes,
        (home, sources),
    )?;
    let events = Events::test(run.manifest(), &evaluated);
    run.add(&[
        (TEST_PREDICTIONS, predictions.to_csv().into_bytes()),
        (MISTAKES, indented(&mistakes)?),
        (EXPLAINED, indented(&explained)?),
        (events.name(), events.bytes().to_vec()),
        (EVALUATION, indented(&evaluated)?),
    ])?;
    let views = extractor.views(&images, &all, Split::Test)?.cached()?;
    let views = views
        .iter()
        .map(|view| module.predictions(&labelled(&view.features), &all));
    Ok(Member {
        run: evaluated.run.clone(),
        views: views.collect::<Result<_, _>>()?,
        tested: Tested {
            evaluated,
            predictions,
            mistakes,
            explained,
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
