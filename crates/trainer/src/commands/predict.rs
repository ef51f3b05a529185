//! `graft predict`

use std::path::PathBuf;

use super::{graft, sources};
use crate::Error;
use crate::cli::Predict;
use crate::home::Home;
use crate::output::{self, percent};
use crate::predict::{Prediction, predict};
use crate::run::Run;

pub(super) fn run(arguments: &Predict, home: &Home) -> Result<(), Error> {
    let (name, pictures) = run_and_pictures(&arguments.images, home);
    let run = Run::open(&home.runs(), name)?;
    if pictures.is_empty() {
        return Err(Error::NoPictures);
    }
    let mut sources = sources(home, &arguments.outside)?;
    let predictions = predict(&run, pictures, arguments.compute.backend, &mut sources)?;
    for prediction in &predictions {
        if arguments.json {
            output::json(prediction)?;
        } else {
            output::line(&people(prediction))?;
        }
    }
    if arguments.json {
        return Ok(());
    }
    output::line(&format!(
        "\nby {}\nNext: {} eval",
        run.folder().display(),
        graft(home)
    ))
}

/// A first argument that is a folder is a run; everything else is a picture.
fn run_and_pictures<'a>(given: &'a [PathBuf], home: &Home) -> (Option<&'a str>, &'a [PathBuf]) {
    match given.split_first() {
        Some((first, rest)) if first.is_dir() || home.runs().join(first).is_dir() => {
            (first.to_str(), rest)
        }
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
        "  (dark on light, turned around)"
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
