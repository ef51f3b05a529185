//! Sweeps: experiments that are a TOML file. Heads are trained on the features of frozen backbones, and
//! measured. What was found is put on record by [`graft_report::sweep`].
//!
//! Sweeps open the test images, to measure; a recipe is never chosen by them.

mod draw;
mod error;
mod features;
mod halves;
mod load;
mod outcome;
mod own;
mod plan;
mod train;
mod untrained;

use std::env;
use std::time::Instant;

use graft_compute::ComputeContext;
use graft_dataset::{ImageSet, Split};
use graft_environment::{Paths, interrupt};
use graft_features::hash_images;
use graft_report::record::Data;
use graft_report::sweep::{self, Images, Results};
use graft_trainer::sources::{Sources, described, origin};
use jiff::Timestamp;

pub use error::Error;
pub use load::Loaded;

use features::Bench;
use plan::Plan;

/// Measures a sweep, with `overrides` of its base recipe's data and seed. Nothing is written but features
/// into the cache.
///
/// # Errors
/// When the sweep or the overrides cannot be used, something is missing that cannot be fetched, an input
/// is wrong, the device fails, or training diverges.
pub fn run(
    loaded: Loaded,
    overrides: &[String],
    compute: &ComputeContext,
    paths: &Paths,
    sources: &mut Sources,
) -> Result<Results, Error> {
    let (started, clock) = (Timestamp::now(), Instant::now());
    interrupt::watch()?;
    interrupt::go_on()?;
    let plan = Plan::new(&loaded, overrides, &paths.recipes())?;
    let train = sources.images(&plan.base, Split::Train, None)?;
    let test = match loaded.sweep.measure {
        sweep::Split::Test => {
            let form = train.form(plan.base.preprocessing.fit);
            Some(sources.images(&plan.base, Split::Test, Some(form))?)
        }
        sweep::Split::Validation => None,
    };
    let mut bench = Bench {
        train,
        test,
        compute,
        paths,
        sources,
        backbone: None,
        passes: Vec::new(),
        kinds: Vec::new(),
    };
    let origin = origin(bench.backbone(plan.base.backbone)?);
    let cells = bench.features(&plan)?;
    let trained = train::run(&loaded.name, &plan, &bench, &cells)?;
    let outcome = outcome::outcome(&plan, trained);
    let images = |images: &ImageSet| Images {
        data: data(&plan.base.data, images),
        count: images.len(),
    };
    Ok(Results {
        graft: env!("CARGO_PKG_VERSION").into(),
        commit: graft_trainer::commit(),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        overrides: overrides.to_vec(),
        started,
        ended: Timestamp::now(),
        seconds: clock.elapsed().as_secs_f64(),
        machine: graft_trainer::machine(compute, plan.base.backbone),
        train: images(&bench.train),
        test: bench.test.as_ref().map(images),
        origin,
        outcome,
        passes: bench.passes,
        name: loaded.name,
        asked: loaded.asked,
        sweep: loaded.sweep,
    })
}

fn data(of: &graft_recipe::Data, images: &ImageSet) -> Data {
    Data {
        images: hash_images(images),
        ..described(of, images)
    }
}
