//! `graft eval`

use graft_report::record::EVALUATION;

use super::{compute, graft, report, shown, sources};
use crate::cli::Eval;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_runs::Run;
use graft_trainer::evaluate::evaluate;

pub(super) fn run(arguments: &Eval, home: &Paths) -> Result<(), Error> {
    let mut run = Run::open(&home.runs(), arguments.run.as_deref())?;
    let mut sources = sources(home, &arguments.outside)?;
    let compute = compute(&arguments.compute, home)?;
    let evaluated = evaluate(&mut run, &compute, home, &mut sources)?;
    report::write_all(run.folder(), home)?;
    if arguments.json {
        return output::json(&evaluated);
    }
    let folder = shown(run.folder());
    output::line(&format!(
        "{folder} on {} test images\n",
        evaluated.evaluation.n
    ))?;
    output::line(&graft_report::summary(
        &evaluated.evaluation,
        &evaluated.names,
    ))?;
    let command = graft();
    output::line(&format!(
        "recorded in {folder}/{EVALUATION}, reported in {folder}/report.html (report.zh.html)\n\nNext: {command} report --author NAME, or {command} lab, which measures the lessons of the report"
    ))
}
