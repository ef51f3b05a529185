//! A trained run on the sealed test set.

use graft_dataset::Split;
use graft_report::record::{EVALUATION, Evaluated, MISTAKES, Scores, TEST_PREDICTIONS};
use graft_report::tensorboard::Events;
use jiff::Timestamp;

use crate::Error;
use crate::examples::{LabelledFeatures, Views};
use crate::input::image_form;
use crate::inspect;
use crate::sources::Sources;
use crate::trainable::Trainable;
use graft_compute::ComputeContext;
use graft_environment::Paths;
use graft_features::Extractor;
use graft_recipe::MNIST;
use graft_runs::{Run, indented, mistakes};

/// Evaluates `run` on the test images and records that it did.
///
/// # Errors
/// When something is missing that cannot be fetched, the run or its weights are not what they were,
/// or the device fails.
pub fn evaluate(
    run: &mut Run,
    compute: &ComputeContext,
    home: &Paths,
    sources: &mut Sources,
) -> Result<Evaluated, Error> {
    let device = &compute.device;
    let recipe = run.recipe()?;
    let module = Trainable::of_run(run, &recipe, compute)?;
    let data = &run.manifest().data;
    let form = image_form(data, recipe.preprocessing.fit);
    let images = sources.images(&recipe, Split::Test, Some(form))?;
    inspect::test(&images, data);
    let loaded = sources.backbone(compute, recipe.backbone)?;
    run.check_weights(&loaded.hashes)?;
    let extracted =
        Extractor::new(&loaded, &recipe, compute, home).features(&images, Split::Test)?;
    let data = LabelledFeatures {
        features: &extracted.features,
        views: Views::default(),
        labels: images.labels(),
        classes: recipe.data.classes,
        device,
        backend: compute.backend,
        engine: compute.engine,
    };
    let all: Vec<usize> = (0..images.len()).collect();
    let predictions = module.predictions(&data, &all)?;
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
    let events = Events::test(run.manifest(), &evaluated);
    run.add(&[
        (TEST_PREDICTIONS, predictions.to_csv().into_bytes()),
        (MISTAKES, indented(&mistakes(&images, &predictions))?),
        (events.name(), events.bytes().to_vec()),
        (EVALUATION, indented(&evaluated)?),
    ])?;
    Ok(evaluated)
}
