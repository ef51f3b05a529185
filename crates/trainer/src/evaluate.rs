//! A trained run on the sealed test set.

use graft_dataset::Split;
use graft_report::Evaluation;
use jiff::Timestamp;
use serde::Serialize;

use crate::Error;
use crate::backend::Backend;
use crate::compute::Compute;
use crate::examples::Examples;
use crate::extract::Cached;
use crate::home::Home;
use crate::run::{Run, write_json};
use crate::sources::Sources;

/// The record of an evaluation, in the run's folder.
pub const EVALUATION: &str = "evaluation.json";

/// What an evaluation found, and on what.
#[derive(Debug, Serialize)]
pub struct Evaluated {
    /// The run's folder.
    pub run: String,
    /// When the test set was opened.
    pub evaluated: Timestamp,
    /// SHA-256 of the test images, see [`crate::cache::hash_images`].
    pub images: String,
    /// What computed.
    pub backend: Backend,
    /// Whether the features were there.
    pub cache: Cached,
    /// The figures.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// Evaluates `run` on the test images and records that it did.
///
/// # Errors
/// When something is missing that cannot be fetched, the run or its weights are not what they were,
/// or the device fails.
pub fn evaluate(
    run: &Run,
    compute: &Compute,
    home: &Home,
    sources: &mut Sources,
) -> Result<Evaluated, Error> {
    let device = &compute.device;
    let recipe = run.recipe()?;
    let head = run.head(device)?;
    let images = sources.images(&recipe.data, Split::Test)?;
    let loaded = sources.prefix(compute, recipe.backbone.boundary)?;
    run.check_weights(&loaded.hashes)?;
    let extracted = loaded
        .extractor(&recipe, compute, &home.cache())
        .features(&images, Split::Test)?;
    let examples = Examples {
        features: &extracted.features,
        labels: images.labels(),
        classes: recipe.data.classes,
        device,
    };
    let all: Vec<usize> = (0..images.len()).collect();
    let evaluated = Evaluated {
        run: run.folder().display().to_string(),
        evaluated: Timestamp::now(),
        images: extracted.key.images,
        backend: compute.backend,
        cache: extracted.cached,
        evaluation: examples.evaluate(&head, &all)?,
    };
    write_json(&run.folder().join(EVALUATION), &evaluated)?;
    Ok(evaluated)
}
