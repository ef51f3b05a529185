//! `graft runs`

use std::path::PathBuf;

use graft_report::{Listed, State, list, listing};
use serde::Serialize;

use super::{graft, shown};
use crate::Error;
use crate::cli::Runs;
use crate::home::Home;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct Summary {
    /// The folder that they are in.
    folder: PathBuf,
    /// The newest is last.
    runs: Vec<Listed>,
}

pub(super) fn run(arguments: &Runs, home: &Home) -> Result<(), Error> {
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

/// What is worth typing after this list: measure what was not measured, or compare the newest two.
fn next(runs: &[Listed]) -> String {
    let mut complete = runs.iter().rev().filter_map(|run| match &run.state {
        State::Complete(facts) => Some((&run.name, facts.test.is_some())),
        _ => None,
    });
    match (complete.next(), complete.next()) {
        (None, _) => "train".into(),
        (Some((newest, false)), _) => format!("eval {newest}"),
        (Some((newest, true)), Some((before, _))) => format!("compare {before} {newest}"),
        (Some((_, true)), None) => "train --set training.learning_rate=0.0003".into(),
    }
}
