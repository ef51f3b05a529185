//! The verbs: each does its work, says where its results are, and names the next command.

mod audit;
mod bench;
mod cache;
mod compare;
mod doctor;
mod eval;
mod export;
mod extract;
mod fetch;
mod find_rate;
mod import;
mod lab;
mod manifest;
mod plan;
mod predict;
mod report;
mod runs;
mod serve;
mod train;

use std::path::Path;

use crate::cli::{Arguments, ComputeArguments, Device, Outside, RecipeArguments, Verb};
use crate::output;
use anyhow::{Error, bail};
use graft_compute::ComputeContext;
use graft_compute::device::{self, Kind, Wanted};
use graft_environment::Paths;
use graft_trainer::sources::Sources;

/// Runs what was typed.
///
/// # Errors
/// Whatever the verb's work fails with.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let home = Paths::find()?;
    home.sweep();
    match &arguments.verb {
        Verb::Fetch(arguments) => fetch::run(arguments, &home),
        Verb::Import(arguments) => import::run(arguments, &home),
        Verb::Train(arguments) => train::run(arguments, &home),
        Verb::Plan(arguments) => plan::run(arguments, &home),
        Verb::FindRate(arguments) => find_rate::run(arguments, &home),
        Verb::Eval(arguments) => eval::run(arguments, &home),
        Verb::Audit(arguments) => audit::run(arguments, &home),
        Verb::Runs(arguments) => runs::run(arguments, &home),
        Verb::Compare(arguments) => compare::run(arguments, &home),
        Verb::Manifest(arguments) => manifest::run(arguments),
        Verb::Extract(arguments) => extract::run(arguments, &home),
        Verb::Gather(arguments) => extract::gather(arguments, &home),
        Verb::Report(arguments) => report::run(arguments, &home),
        Verb::Export(arguments) => export::run(arguments, &home),
        Verb::Serve(arguments) => serve::run(arguments, &home),
        Verb::Predict(arguments) => predict::run(arguments, &home),
        Verb::Lab(arguments) => lab::run(arguments, &home),
        Verb::Bench(arguments) => bench::run(arguments, &home),
        Verb::Cache(arguments) => cache::run(arguments, &home),
        Verb::Doctor(arguments) => doctor::run(arguments, &home),
    }
}

/// Says why a verb failed.
pub(crate) fn complain(error: &Error) {
    output::note(&format!("graft: {error}"));
    if let Some(graft_trainer::Error::Interrupted { run, .. }) = error.downcast_ref() {
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        output::note(&format!("\nNext: {} train --resume {name}", graft()));
    }
}

/// The exit code of a failure: workers are told whether to try again.
pub(crate) fn code(arguments: &Arguments, error: &Error) -> u8 {
    match &arguments.verb {
        Verb::Extract(one) if one.shard.is_some() && extract::may_pass(error) => extract::TRY_AGAIN,
        _ => 1,
    }
}

fn sources<'a>(home: &'a Paths, outside: &'a Outside) -> Result<Sources<'a>, Error> {
    let sources = Sources::new(home, outside.offline, outside.from.as_deref())?;
    Ok(sources.skipping_bad(outside.skip_bad))
}

fn compute(arguments: &ComputeArguments, home: &Paths) -> Result<ComputeContext, Error> {
    match arguments.device {
        None => on_device(arguments, home, None),
        Some(Device::Number(number)) => on_device(arguments, home, Some(number)),
        Some(Device::All) => bail!(
            "expected the number of one device, found --device all, which is for extract --shards alone"
        ),
    }
}

/// All devices that are wanted.
fn on_all(arguments: &ComputeArguments, home: &Paths) -> Result<Vec<ComputeContext>, Error> {
    if arguments.device != Some(Device::All) {
        return Ok(vec![compute(arguments, home)?]);
    }
    let devices = device::list(arguments.backend)?;
    let is_wanted = |kind| arguments.allow_software || kind != Kind::Software;
    let numbers = (0..devices.len()).filter(|number| is_wanted(devices[*number].kind));
    let devices: Vec<_> = numbers
        .map(|number| on_device(arguments, home, Some(number)))
        .collect::<Result<_, _>>()?;
    if devices.is_empty() {
        // The same is told as without the option.
        return Ok(vec![on_device(arguments, home, None)?]);
    }
    Ok(devices)
}

fn on_device(
    arguments: &ComputeArguments,
    home: &Paths,
    number: Option<usize>,
) -> Result<ComputeContext, Error> {
    let wanted = Wanted {
        number,
        allow_software: arguments.allow_software,
    };
    Ok(ComputeContext::new(
        arguments.backend,
        arguments.engine,
        wanted,
        &home.kernels(),
    )?)
}

/// How the user starts graft: through xtask, which says so, or directly.
fn graft() -> &'static str {
    match std::env::var_os("GRAFT_XTASK") {
        Some(_) => "cargo xtask",
        None => "graft",
    }
}

/// The options that name a recipe again, behind a verb.
fn again(recipe: &RecipeArguments) -> String {
    let name = (recipe.recipe != "seed").then(|| format!(" --recipe {}", recipe.recipe));
    let sets = recipe.set.iter().map(|set| format!(" --set {set}"));
    name.into_iter().chain(sets).collect()
}

/// A path as short as it can be typed from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(here).unwrap_or(path) {
        here if here.as_os_str().is_empty() => ".".into(),
        shown => shown.display().to_string(),
    }
}
