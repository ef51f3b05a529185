//! What a training begins with: images, the frozen backbone, and features.

use std::time::Instant;

use graft_compute::{Backend, ComputeContext, LoadedBackbone};
use graft_dataset::{Holdout, ImageSet, Split};
use graft_durable::sha256;
use graft_environment::{Paths, interrupt};
use graft_features::{Extracted, Extractor, Features, Views};
use graft_network::Unfreeze;
use graft_recipe::Recipe;
use graft_report::record::ViewFeatures;

use super::Confirm;
use crate::Error;
use crate::plan::{Job, Plan, Rates, plan};
use crate::sources::Sources;

/// How long a kind of step is measured before a training, in seconds.
const MEASURED: f64 = 0.02;
/// Trainings of fewer steps are over before measuring would pay: of a head alone, and of blocks with it.
const SHORT: [usize; 2] = [200, 50];

/// What a training begins with.
pub(super) struct Inputs {
    pub(super) images: ImageSet,
    pub(super) holdout: Holdout,
    /// With what only the images tell.
    pub(super) recipe: Recipe,
    pub(super) loaded: LoadedBackbone,
}

impl Inputs {
    pub(super) fn read(
        recipe: &Recipe,
        compute: &ComputeContext,
        sources: &mut Sources,
    ) -> Result<Self, Error> {
        let images = sources.images(recipe, Split::Train, None)?;
        let holdout = recipe.holdout(&images)?;
        Ok(Self {
            recipe: recipe.resolved(&images, &holdout),
            loaded: sources.backbone(compute, recipe.backbone)?,
            images,
            holdout,
        })
    }
}

/// The features of images and of the views that are cached.
pub(super) struct PreparedFeatures {
    pub(super) plan: Plan,
    pub(super) extracted: Extracted,
    /// None where they are computed on the fly.
    pub(super) views: Vec<Extracted>,
    /// What tells whether a resumed run has the same.
    pub(super) hash: String,
}

/// Plans how features are had, and has them.
pub(super) fn features(
    (recipe, images, holdout): (&Recipe, &ImageSet, &Holdout),
    loaded: &LoadedBackbone,
    (compute, home): (&ComputeContext, &Paths),
    (wanted, confirm, resumed): (Option<ViewFeatures>, &Confirm, bool),
    started: Instant,
) -> Result<PreparedFeatures, Error> {
    let extractor = Extractor::new(loaded, recipe, compute, home);
    let key = extractor.key(images)?;
    let views = views_of(&extractor, recipe, images, holdout)?;
    let is_cached = Features::bytes(&key.path(&home.cache())).is_some();
    let mut cached = None;
    if is_cached {
        cached = Some(extractor.features_of(images, key.clone(), Split::Train)?);
    }
    let job = Job {
        recipe,
        images,
        holdout,
        loaded,
        compute,
        home,
        key: &key,
        views: &views,
        cached: cached.as_ref().map(|extracted| &extracted.features),
    };
    let rates = if resumed {
        None
    } else {
        measured(&job, wanted)?
    };
    let plan = plan(&job, wanted, rates, started.elapsed().as_secs_f64())?;
    plan.tell();
    plan.warning().map_or(Ok(()), |warning| confirm(&warning))?;
    let extracted = match cached {
        Some(extracted) => extracted,
        None => extractor.features_of(images, key, Split::Train)?,
    };
    Ok(PreparedFeatures {
        hash: hash(&extracted, &views)?,
        views: match plan.views {
            Some(ViewFeatures::Cached) => views.cached()?,
            _ => Vec::new(),
        },
        plan,
        extracted,
    })
}

/// How long things take; none on a GPU, where the first passes tune kernels, and where measuring fails, for the training
/// itself will say why.
fn measured(job: &Job, wanted: Option<ViewFeatures>) -> Result<Option<Rates>, Error> {
    let training = &job.recipe.training;
    let steps = training.epochs * job.holdout.train.len().div_ceil(training.batch_size);
    let learns = job.recipe.backbone.unfreeze != Unfreeze::None;
    if job.compute.backend != Backend::Cpu || steps < SHORT[usize::from(learns)] {
        return Ok(None);
    }
    match job.rates(MEASURED, wanted) {
        Ok(rates) => Ok(Some(rates)),
        Err(error) => {
            interrupt::go_on()?;
            tracing::debug!("no forecast: {error}");
            Ok(None)
        }
    }
}

/// The views that epochs will see.
pub(super) fn views_of<'a>(
    extractor: &'a Extractor<'a>,
    recipe: &Recipe,
    images: &'a ImageSet,
    holdout: &'a Holdout,
) -> Result<Views<'a>, Error> {
    let views = extractor.views(images, &holdout.train, Split::Train)?;
    Ok(views.at_most(recipe.training.epochs - 1))
}

/// SHA-256 of the features that are trained on, and of what those of views depend on, where there are any.
fn hash(extracted: &Extracted, views: &Views) -> Result<String, Error> {
    let features = extracted.features.sha256();
    let keys = views.keys()?;
    let keys = keys.iter().map(|key| key.to_value().to_string());
    Ok(match keys.collect::<String>() {
        none if none.is_empty() => features.to_owned(),
        keys => sha256(format!("{features}{keys}").as_bytes()),
    })
}
