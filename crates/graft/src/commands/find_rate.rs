//! `graft find-rate`: the loss over growing learning rates.

use anyhow::Error;
use graft_environment::Paths;
use graft_recipe::Recipe;
use graft_report::Language;
use graft_report::chart::{Axis, Chart, Point, Series, svg_file};
use graft_trainer::pipeline::find_rate;
use graft_trainer::training::{Suggestion, Trial, suggestion};
use serde::Serialize;

use super::{again, compute, graft, shown, sources};
use crate::cli::FindRate;
use crate::output;

/// Between two lines of the table, in steps.
const EVERY: usize = 10;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// None where the loss never fell.
    suggestion: Option<Suggestion>,
    trials: &'a [Trial],
}

pub(super) fn run(arguments: &FindRate, home: &Paths) -> Result<(), Error> {
    let (name, sets) = (&arguments.recipe.recipe, &arguments.recipe.set);
    let recipe = Recipe::load(name, &home.recipes(), sets)?;
    let compute = compute(&arguments.compute, home)?;
    let mut sources = sources(home, &arguments.outside)?;
    let trials = find_rate(&recipe, (&compute, home), &mut sources)?;
    let suggestion = suggestion(&trials);
    let picture = svg_file(&chart(&trials), Language::En);
    graft_durable::write(&arguments.output, picture.as_bytes())?;
    if arguments.json {
        return output::json(&Report {
            suggestion,
            trials: &trials,
        });
    }
    output::line("learning rate   loss, smoothed")?;
    for trial in trials.iter().step_by(EVERY) {
        let Trial {
            learning_rate,
            smoothed,
            ..
        } = trial;
        output::line(&format!("{learning_rate:>13.1e}   {smoothed:>14.4}"))?;
    }
    let picture = shown(&arguments.output);
    let (command, again) = (graft(), again(&arguments.recipe));
    output::line(&match suggestion {
        Some(Suggestion {
            lowest,
            learning_rate,
        }) => format!(
            "
The smoothed loss is lowest at {lowest:.1e}; a tenth of that is a safe rate to begin with.
The curve is in {picture}.

Next: {command} train{again} --set training.learning_rate={learning_rate:.1e}"
        ),
        None => format!(
            "
The loss never fell: expected a rate at which it does, from 1e-6 to 1. Look at data and labels.
The curve is in {picture}."
        ),
    })
}

/// The smoothed losses; those of single batches, which jump, are in the JSON.
fn chart(trials: &[Trial]) -> Chart {
    let point = |trial: &Trial| Point {
        x: trial.learning_rate,
        y: trial.smoothed,
        interval: None,
    };
    Chart {
        title: "Loss by learning rate".to_owned(),
        x_label: "learning rate".to_owned(),
        y_label: "loss, smoothed".to_owned(),
        x: Axis::Logarithmic,
        percent: false,
        series: vec![Series {
            name: "loss".to_owned(),
            joined: true,
            points: trials.iter().map(point).collect(),
        }],
    }
}
