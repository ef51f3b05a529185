//! A run as a page without a server.

use anyhow::{Error, bail};
use graft_export::{Classifier, write_page};
use graft_runs::Run;
use graft_trainer::Input;
use graft_web::Model;

use super::super::{graft, shown};
use super::check::TestSet;
use crate::cli::Export;
use crate::output;

/// The size above which a page is long in coming over a slow line, in bytes.
const LARGE: u64 = 8 << 20;

/// Writes the page; compares its answers with those for the images of `test`, where there are any.
pub(super) fn run(
    arguments: &Export,
    run: &Run,
    classifier: &Classifier,
    test: Option<&TestSet>,
) -> Result<(), Error> {
    if arguments.features {
        bail!("--features belongs to --format onnx: a page shows probabilities only");
    }
    let Some(wasm) = &arguments.wasm else {
        bail!(
            "--format web needs the code of the page as WebAssembly: `cargo xtask page` builds it and \
             exports the run; or name the folder with graft.wasm and graft-plain.wasm with --wasm"
        );
    };
    let beside = || run.folder().join("page");
    let folder = arguments.output.clone().unwrap_or_else(beside);
    let input = Input::of(run.manifest(), classifier.preprocessing.fit);
    let model = classifier.to_page_model(run, input.pictures, true)?;
    let bytes = write_page(&model, wasm, &folder)?;
    super::tell(&folder, bytes, run, classifier)?;
    if bytes > LARGE {
        output::note(&format!(
            "graft: this page is large; that of a network that ends after its third block has 6 MB: \
             {} train --set backbone.boundary=block3",
            graft()
        ));
    }
    if let Some(test) = test {
        let model = Model::from_bytes(&model)?;
        let answers = test.images().map(|image| model.probabilities(image));
        let answers = answers.collect::<Result<Vec<_>, _>>()?;
        return test.compare("the page's model", &folder, &answers);
    }
    output::line(&format!(
        "\nNext: python3 -m http.server --directory {}, and open http://localhost:8000",
        shown(&folder)
    ))
}
