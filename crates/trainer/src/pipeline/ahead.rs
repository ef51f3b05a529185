//! What can be known before a training.

use std::time::Instant;

use graft_compute::{Backend, ComputeContext};
use graft_dataset::Split;
use graft_environment::Paths;
use graft_features::{Extractor, Features};
use graft_recipe::Recipe;
use graft_report::record::ViewFeatures;

use super::prepared::{Inputs, views_of};
use crate::Error;
use crate::examples::LabelledFeatures;
use crate::plan::{self, Job, Plan};
use crate::sources::Sources;
use crate::trainable::Trainable;
use crate::training::{self, Trial};

/// What training as the recipe says would cost, with views had the way that is wanted; on a CPU by measurements of about
/// `seconds` each. Nothing is trained, and nothing is written but assets that are missing.
///
/// # Errors
/// When something is missing that cannot be fetched, an input is wrong, a step yields no finite number, or the device
/// fails.
pub fn plan(
    recipe: &Recipe,
    (compute, home): (&ComputeContext, &Paths),
    sources: &mut Sources,
    wanted: Option<ViewFeatures>,
    seconds: f64,
) -> Result<Plan, Error> {
    let started = Instant::now();
    let Inputs {
        images,
        holdout,
        recipe,
        loaded,
    } = Inputs::read(recipe, compute, sources)?;
    let recipe = &recipe;
    let extractor = Extractor::new(&loaded, recipe, compute, home);
    let key = extractor.key(&images)?;
    let cached = Features::open(&key.path(&home.cache()), &key).ok();
    let job = Job {
        recipe,
        images: &images,
        holdout: &holdout,
        loaded: &loaded,
        compute,
        home,
        key: &key,
        cached: cached.as_ref(),
        views: &views_of(&extractor, recipe, &images, &holdout)?,
    };
    let before = started.elapsed().as_secs_f64();
    let rates = match compute.backend {
        Backend::Cpu => Some(job.rates(seconds, wanted)?),
        _ => None,
    };
    plan::plan(&job, wanted, rates, before)
}

/// A short training as the recipe says, whose learning rate grows with every step. Nothing is recorded.
///
/// # Errors
/// As [`super::train`], but that the training diverges.
pub fn find_rate(
    recipe: &Recipe,
    (compute, home): (&ComputeContext, &Paths),
    sources: &mut Sources,
) -> Result<Vec<Trial>, Error> {
    let Inputs {
        images,
        holdout,
        recipe,
        loaded,
    } = Inputs::read(recipe, compute, sources)?;
    let extractor = Extractor::new(&loaded, &recipe, compute, home);
    let extracted = extractor.features(&images, Split::Train)?;
    let head = compute.of_head(recipe.backbone);
    let (features, labels) = (&extracted.features, images.labels());
    let data = LabelledFeatures::new(features, labels, images.classes(), &head);
    let folder = home.weights(recipe.backbone.network.name);
    let module = Trainable::new(&recipe, &data, &holdout.train, &folder)?;
    training::find_rate(&recipe, &data, module, &holdout.train)
}
