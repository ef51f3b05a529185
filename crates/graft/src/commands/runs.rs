//! `graft runs`

use std::path::PathBuf;

use graft_report::{Listed, State, list, listing};
use serde::Serialize;

use super::{graft, shown};
use crate::cli::Runs;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;

/// What `--json` prints.
#[derive(Serialize)]
struct Summary {
    /// The folder that they are in.
    folder: PathBuf,
    /// The newest is last.
    runs: Vec<Listed>,
}

pub(super) fn run(arguments: &Runs, home: &Paths) -> Result<(), Error> {
    let folder = home.runs();
    let runs = list(&folder)?;
    if arguments.json {
        return output::json(&Summary { folder, runs });
    }
    if !runs.is_empty() {
        output::line(&(listing(&runs) + "\n"))?;
    }
    output::line(&format!(
        "{} runs in {}\n\nNext: {} {}",
        runs.len(),
        shown(&folder),
        graft(),
        next(&runs)
    ))
}

/// What is worth typing after this list: measure one of the newest two, or compare them.
fn next(runs: &[Listed]) -> String {
    let complete = runs.iter().rev().filter_map(|run| match &run.state {
        State::Complete(facts) => Some((&run.name, facts.test.is_some())),
        _ => None,
    });
    let newest: Vec<_> = complete.take(2).collect();
    let unmeasured = newest.iter().find(|(_, measured)| !measured);
    match (unmeasured, &newest[..]) {
        (Some((name, _)), _) => format!("eval {name}"),
        (None, [(newest, _), (before, _)]) => format!("compare {before} {newest}"),
        (None, [_]) => "train --set training.learning_rate=0.0003".into(),
        (None, _) => "train".into(),
    }
}
