//! `graft compare`

use std::path::Path;

use graft_report::compare::{Comparison, comparison};
use graft_report::record::Record;

use super::graft;
use crate::cli::Compare;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_runs::{Run, RunError};

pub(super) fn run(arguments: &Compare, home: &Paths) -> Result<(), Error> {
    let runs = home.runs();
    let records = arguments.runs.iter().map(|name| record(&runs, name));
    let compared = Comparison::new(&records.collect::<Result<Vec<_>, _>>()?)?;
    if arguments.json {
        return output::json(&compared);
    }
    output::line(&comparison(&compared))?;
    let unmeasured = compared.runs.iter().find(|run| run.test.is_none());
    let next = unmeasured.map_or_else(|| "runs".into(), |run| format!("eval {}", run.name));
    output::line(&format!("\nNext: {} {next}", graft()))
}

/// The whole record of a run, checked.
fn record(runs: &Path, name: &Path) -> Result<Record, RunError> {
    Ok(Record::read(Run::open(runs, Some(name))?.folder())?)
}
