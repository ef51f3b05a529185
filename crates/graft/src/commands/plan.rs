//! `graft plan`: what a recipe would cost.

use anyhow::Error;
use graft_environment::Paths;
use graft_recipe::Recipe;
use graft_report::record::ViewFeatures;
use graft_trainer::pipeline::plan;

use super::{again, compute, graft, sources};
use crate::cli::Plan;
use crate::output::{self, duration, size};

/// How long a measurement takes, in seconds.
const MEASURED: f64 = 1.0;

pub(super) fn run(arguments: &Plan, home: &Paths) -> Result<(), Error> {
    let (name, sets) = (&arguments.recipe.recipe, &arguments.recipe.set);
    let recipe = Recipe::load(name, &home.recipes(), sets)?;
    let compute = compute(&arguments.compute, home)?;
    let mut sources = sources(home, &arguments.outside)?;
    let wanted = arguments.augmentation.map(Into::into);
    let plan = plan(&recipe, (&compute, home), &mut sources, wanted, MEASURED)?;
    if arguments.json {
        return output::json(&plan);
    }
    let Some(rates) = plan.rates else {
        return output::line(&format!(
            "Nothing is measured on {}, where the first passes tune kernels: graft bench measures them.",
            compute.backend
        ));
    };
    let frozen = rates.frozen.map_or_else(
        || "all features are cached".to_owned(),
        |seconds| format!("{:.0} images/s", 1.0 / seconds),
    );
    output::line(&format!(
        "frozen blocks     {frozen}
training          {:.2} ms a step of {} images
evaluation        {:.0} images/s

views             in all   features   training       disk     memory",
        1e3 * rates.steps.all,
        recipe.training.batch_size,
        1.0 / rates.forward
    ))?;
    for way in &plan.options {
        let memory = way.memory_bytes.map_or_else(|| "unknown".into(), size);
        output::line(&format!(
            "{:<12} {:>11} {:>10} {:>10} {:>10} {:>10}{}",
            match way.views {
                None => "none",
                Some(ViewFeatures::Cached) => "cached",
                Some(ViewFeatures::OnTheFly) => "on the fly",
            },
            duration(way.seconds),
            duration(way.features),
            duration(way.training),
            size(way.features_bytes),
            memory,
            if plan.options.len() > 1 && way.views == plan.views {
                "   chosen"
            } else {
                ""
            }
        ))?;
    }
    let (free, next) = (size(plan.free_bytes), again(&arguments.recipe));
    output::line(&format!(
        "\n{free} of disk are free.\n\nNext: {} train{next}",
        graft()
    ))
}
