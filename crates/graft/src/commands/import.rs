//! `graft import`

use anyhow::Error;
use graft_environment::Paths;
use graft_onnx_import::Imported;

use super::{graft, shown, sources};
use crate::cli::Import;
use crate::output;

pub(super) fn run(arguments: &Import, home: &Paths) -> Result<(), Error> {
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => sources(home, &arguments.outside)?.onnx()?,
    };
    let imported = Imported::read(&file)?;
    let network = imported.network;
    let folder = home.weights(network.name);
    imported.write_weights(&folder)?;
    output::line(&format!(
        "{} begins with {}: {} convolutions with {} parameters\n{}\n\n\
         Next: {} train --set backbone.network={network}",
        shown(&file),
        network.title,
        imported.stages.iter().map(Vec::len).sum::<usize>(),
        imported.parameters(),
        shown(&folder),
        graft(),
    ))
}
