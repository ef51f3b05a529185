//! `graft predict`

use std::path::{Path, PathBuf};

use super::{compute, graft, shown, sources};
use graft_report::percent;

use crate::cli::Predict;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_runs::Run;
use graft_trainer::predict::{Prediction, predict};

pub(super) fn run(arguments: &Predict, home: &Paths) -> Result<(), Error> {
    let (name, pictures) = run_and_pictures(&arguments.images, home);
    let run = Run::open(&home.runs(), name)?;
    if pictures.is_empty() {
        anyhow::bail!(
            "expected pictures to classify, found only a run; name PNG or JPEG files after it"
        );
    }
    let mut sources = sources(home, &arguments.outside)?;
    let predictions = predict(
        &run,
        pictures,
        &compute(&arguments.compute, home)?,
        &mut sources,
    )?;
    for prediction in &predictions {
        if arguments.json {
            output::json(prediction)?;
        } else {
            output::line(&people(prediction))?;
        }
    }
    // Not among the results, which may be piped on.
    output::note(&format!(
        "by {}; next: {} eval",
        shown(run.folder()),
        graft()
    ));
    Ok(())
}

/// The first argument names a run if it is a folder, or if it is nothing that a picture's name could
/// be and pictures follow it; everything else is a picture.
fn run_and_pictures<'a>(given: &'a [PathBuf], home: &Paths) -> (Option<&'a Path>, &'a [PathBuf]) {
    let is_run = |first: &Path, rest: &[PathBuf]| {
        let folder = first.is_dir() || home.runs().join(first).is_dir();
        folder || (!rest.is_empty() && first.extension().is_none() && !first.exists())
    };
    match given.split_first() {
        Some((first, rest)) if is_run(first, rest) => (Some(first), rest),
        _ => (None, given),
    }
}

/// The class, and every class that has a hundredth of the probability.
fn people(prediction: &Prediction) -> String {
    let mut ranked: Vec<_> = prediction.probabilities.iter().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(a.1));
    let likely = ranked.iter().filter(|(_, share)| **share >= 0.01);
    let likely: Vec<_> = likely
        .map(|(class, share)| format!("{class}: {}", percent(**share)))
        .collect();
    let note = if prediction.inverted {
        "  (dark on light, inverted)"
    } else {
        ""
    };
    format!(
        "{}  {}  [{}]{note}",
        prediction.image.display(),
        prediction.class,
        likely.join(", ")
    )
}
