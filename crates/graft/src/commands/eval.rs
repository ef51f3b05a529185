//! `graft eval`

use std::path::Path;

use anyhow::Error;
use graft_environment::Paths;
use graft_report::record::{EVALUATION, Evaluated, Record};
use graft_report::{Ensemble, Member};
use graft_runs::Run;
use graft_trainer::evaluate::{evaluate, viewed};

use super::{compute, graft, report, shown, sources};
use crate::cli::Eval;
use crate::output;

pub(super) fn run(arguments: &Eval, home: &Paths) -> Result<(), Error> {
    let mut runs = Run::open_all(&home.runs(), &arguments.runs)?;
    let views = arguments.views.count;
    if let ([run], 1) = (&mut runs[..], views) {
        let tested = measured(run, arguments, home)?.tested;
        return alone(run, &tested.evaluated, arguments);
    }
    for run in &runs {
        viewed(run, views)?;
    }
    let mut members = Vec::new();
    for run in &mut runs {
        let recorded = match views {
            1 => Record::read(run.folder())?.test,
            _ => None,
        };
        members.push(match recorded {
            Some(tested) => Member {
                run: run.folder().display().to_string(),
                tested,
                views: Vec::new(),
            },
            None => measured(run, arguments, home)?,
        });
    }
    together(&Ensemble::new(&members)?, arguments)
}

/// Evaluates a run, and writes its reports.
fn measured(run: &mut Run, arguments: &Eval, home: &Paths) -> Result<Member, Error> {
    let mut sources = sources(home, &arguments.outside)?;
    let compute = compute(&arguments.compute, home)?;
    let member = evaluate(run, arguments.views.count, &compute, home, &mut sources)?;
    report::write_all(run.folder(), home)?;
    Ok(member)
}

fn alone(run: &Run, evaluated: &Evaluated, arguments: &Eval) -> Result<(), Error> {
    if arguments.json {
        return output::json(evaluated);
    }
    let (folder, command) = (shown(run.folder()), graft());
    let Evaluated {
        evaluation, names, ..
    } = evaluated;
    output::line(&format!("{folder} on {} test images\n", evaluation.n))?;
    output::line(&graft_report::summary(evaluation, names))?;
    output::line(&format!(
        "recorded in {folder}/{EVALUATION}, reported in {folder}/report.html (report.zh.html)\n\nNext: {command} report --author NAME, or {command} lab, which measures the lessons of the report"
    ))
}

fn together(ensemble: &Ensemble, arguments: &Eval) -> Result<(), Error> {
    if arguments.json {
        return output::json(ensemble);
    }
    let members = ensemble.members.iter();
    let runs: Vec<_> = members.map(|one| shown(Path::new(&one.run))).collect();
    let (count, views) = (runs.len(), ensemble.views);
    let (of, option) = match (count, views) {
        (_, 1) => (format!("{count} runs"), String::new()),
        (1, _) => (format!("{views} views"), format!("--views {views} ")),
        _ => (
            format!("{count} runs with {views} views each"),
            format!("--views {views} "),
        ),
    };
    output::line(&format!(
        "the mean of {of}, on {} test images\n",
        ensemble.evaluation.n
    ))?;
    output::line(&ensemble.summary())?;
    output::line(&format!(
        "the figures of each run by itself are in its {EVALUATION}; those of the mean are recorded nowhere\n\nNext: {} predict {option}{} IMAGE",
        graft(),
        runs.join(" "),
    ))
}
