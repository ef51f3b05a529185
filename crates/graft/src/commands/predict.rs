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
use graft_trainer::{Ensemble, Prediction};

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
    let (names, given) = runs_and_pictures(&arguments.images, home);
    let runs = Run::open_all(&home.runs(), names)?;
    if given.is_empty() {
        let (found, them) = match names {
            [_] => ("a run", "it"),
            _ => ("runs", "them"),
        };
        anyhow::bail!(
            "expected pictures to classify, found only {found}; name PNG or JPEG files, or folders of them, after {them}"
        );
    }
    let pictures = pictures::expand(given)?;
    let mut sources = sources(home, &arguments.outside)?;
    let compute = compute(&arguments.compute, home)?;
    let model = Ensemble::load(&runs, arguments.views.count, &compute, &mut sources)?;
    let mut refused = 0;
    for image in &pictures {
        match model.read(image) {
            Ok(pictures) => tell(image, &model.classify(&pictures)?, &model, arguments)?,
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
    let by: Vec<_> = runs.iter().map(|run| shown(run.folder())).collect();
    output::note(&format!("by {}; next: {} eval", by.join(", "), graft()));
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
    model: &Ensemble,
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

/// The first arguments name runs, as far as each is a run's folder, or nothing that a picture's name could be with
/// more behind it; everything else is a picture or a folder of them.
fn runs_and_pictures<'a>(given: &'a [PathBuf], home: &Paths) -> (&'a [PathBuf], &'a [PathBuf]) {
    let is_run = |place: usize, path: &Path| {
        // Joined to another folder, an absolute path would stay as it is.
        let named = path.is_relative() && home.runs().join(path).is_dir();
        let is_last = place + 1 == given.len();
        Run::is_at(path) || named || (!is_last && path.extension().is_none() && !path.exists())
    };
    let mut places = given.iter().enumerate();
    let pictures = places.position(|(place, path)| !is_run(place, path));
    given.split_at(pictures.unwrap_or(given.len()))
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
