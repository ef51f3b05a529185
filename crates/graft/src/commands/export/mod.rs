//! `graft export`

mod check;
mod page;

use std::path::Path;

use anyhow::Error;
use graft_environment::Paths;
use graft_export::{Classifier, Options};
use graft_runs::Run;

use super::{graft, shown, sources};
use crate::cli::{Export, ModelFormat};
use crate::output;
use check::TestSet;

pub(super) fn run(arguments: &Export, home: &Paths) -> Result<(), Error> {
    let run = Run::open(&home.runs(), arguments.run.as_deref())?;
    let mut sources = sources(home, &arguments.outside)?;
    // What is missing for the check is said before anything is written.
    let test = if arguments.check {
        Some(TestSet::read(&run, home, &mut sources)?)
    } else {
        None
    };
    let weights = sources.weights(run.recipe()?.backbone.network)?;
    let classifier = Classifier::read(&run, &weights)?;
    match arguments.format {
        ModelFormat::Onnx => onnx(arguments, &run, &classifier, test.as_ref()),
        ModelFormat::Web => page::run(arguments, &run, &classifier, test.as_ref()),
    }
}

/// Writes the ONNX file, and runs it on the images of `test`, where there are any.
fn onnx(
    arguments: &Export,
    run: &Run,
    classifier: &Classifier,
    test: Option<&TestSet>,
) -> Result<(), Error> {
    let options = Options {
        half: arguments.half,
        features: arguments.features,
    };
    let name = if options.half {
        "model-f16.onnx"
    } else {
        "model.onnx"
    };
    let beside = || run.folder().join(name);
    let path = arguments.output.clone().unwrap_or_else(beside);
    let bytes = classifier.write(options, &path)?;
    tell(&path, bytes, run, classifier)?;
    match test {
        Some(test) => test.check(&path, arguments),
        None => output::line(&format!(
            "\nNext: {} export --check, which compares its answers with graft's",
            graft()
        )),
    }
}

/// Says what was written.
fn tell(path: &Path, bytes: u64, run: &Run, classifier: &Classifier) -> Result<(), Error> {
    output::line(&format!(
        "{}  {}, {} parameters, by {}",
        shown(path),
        output::size(bytes),
        classifier.parameters(),
        shown(run.folder()),
    ))
}
