//! `graft predict`

mod pictures;

use std::path::{Path, PathBuf};

use super::{compute, graft, shown, sources};
use graft_report::percent;
use serde::Serialize;

use crate::cli::Predict;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_runs::Run;
use graft_trainer::{Model, Prediction};

/// What `--json` prints of a picture.
#[derive(Serialize)]
struct Classified<'a> {
    image: &'a Path,
    #[serde(flatten)]
    prediction: &'a Prediction,
}

/// What `--json` prints of a picture that cannot be classified.
#[derive(Serialize)]
struct Refused<'a> {
    image: &'a Path,
    error: String,
}

pub(super) fn run(arguments: &Predict, home: &Paths) -> Result<(), Error> {
    let (name, given) = run_and_pictures(&arguments.images, home);
    let run = Run::open(&home.runs(), name)?;
    if given.is_empty() {
        anyhow::bail!(
            "expected pictures to classify, found only a run; name PNG or JPEG files, or folders of them, after it"
        );
    }
    let pictures = pictures::expand(given)?;
    let mut sources = sources(home, &arguments.outside)?;
    let compute = compute(&arguments.compute, home)?;
    let model = Model::load(&run, &compute, &mut sources)?;
    let mut refused = 0;
    for image in &pictures {
        match model.input().read(image) {
            Ok(picture) => tell(image, &model.classify(&picture)?, &model, arguments)?,
            Err(error) => {
                refused += 1;
                refuse(image, &error, arguments.json)?;
            }
        }
    }
    if refused > 0 {
        anyhow::bail!(
            "{refused} of {} pictures could not be classified",
            pictures.len()
        );
    }
    // Not among the results, which may be piped on.
    output::note(&format!(
        "by {}; next: {} eval",
        shown(run.folder()),
        graft()
    ));
    Ok(())
}

/// Says why a picture cannot be classified.
fn refuse(image: &Path, error: &graft_dataset::Error, json: bool) -> Result<(), Error> {
    let error = error.to_string();
    if json {
        return output::json(&Refused { image, error });
    }
    output::note(&format!("graft: {error}"));
    Ok(())
}

/// Prints a prediction, and writes what the model saw where that is wanted.
fn tell(
    image: &Path,
    prediction: &Prediction,
    model: &Model,
    arguments: &Predict,
) -> Result<(), Error> {
    let seen = match &arguments.show {
        Some(folder) => Some(pictures::show(image, prediction, folder)?),
        None => None,
    };
    if arguments.json {
        return output::json(&Classified { image, prediction });
    }
    let seen = seen.map_or_else(String::new, |path| format!("  saw {}", shown(&path)));
    let told = people(prediction, &model.classes());
    output::line(&format!("{}  {told}{seen}", image.display()))
}

/// The first argument names a run if it is one's folder, or if it is nothing that a picture's name could
/// be and pictures follow it; everything else is a picture or a folder of them.
fn run_and_pictures<'a>(given: &'a [PathBuf], home: &Paths) -> (Option<&'a Path>, &'a [PathBuf]) {
    let is_run = |first: &Path, rest: &[PathBuf]| {
        // Joined to another folder, an absolute path would stay as it is.
        let named = first.is_relative() && home.runs().join(first).is_dir();
        Run::is_at(first)
            || named
            || (!rest.is_empty() && first.extension().is_none() && !first.exists())
    };
    match given.split_first() {
        Some((first, rest)) if is_run(first, rest) => (Some(first), rest),
        _ => (None, given),
    }
}

/// The class, and every class that has a hundredth of the probability.
fn people(prediction: &Prediction, classes: &[String]) -> String {
    let mut ranked: Vec<_> = prediction.probabilities.iter().zip(classes).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(a.0));
    let likely = ranked.iter().filter(|(share, _)| **share >= 0.01);
    let likely: Vec<_> = likely
        .map(|(share, class)| format!("{class}: {}", percent(**share)))
        .collect();
    let note = if prediction.inverted {
        "  (dark on light, inverted)"
    } else {
        ""
    };
    let unfamiliar = prediction.familiarity.filter(|one| one.none_of_these);
    let unfamiliar = unfamiliar.map_or_else(String::new, |one| {
        format!(
            "  (perhaps none of these: similarity {:.2}, expected {:.2})",
            one.similarity, one.threshold
        )
    });
    format!(
        "{}  [{}]{note}{unfamiliar}",
        prediction.name,
        likely.join(", ")
    )
}
