//! `graft lab`

use std::path::{Path, PathBuf};

use graft_report::Language;
use graft_report::chart::svg_file;
use graft_report::lab::{Lab, Row};
use graft_report::percent;

use super::{compute, graft, shown, sources};
use crate::cli;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_trainer::labs::{Which, Workbench, run as run_lab};

pub(super) fn run(arguments: &cli::Lab, home: &Paths) -> Result<(), Error> {
    let other_data = arguments.set.iter().any(|set| set.starts_with("data."));
    let labs = if other_data {
        home.labs_on_other_data()
    } else {
        home.labs()
    };
    graft_durable::check_writable(&labs)?;
    let compute = compute(&arguments.compute, home)?;
    let mut sources = sources(home, &arguments.outside)?;
    let mut bench = Workbench::new(&arguments.set, &compute, home, &mut sources)?;
    let wanted = match arguments.name.which() {
        Some(which) => vec![which],
        None => Which::ALL.to_vec(),
    };
    for which in wanted {
        let lab = run_lab(which, &mut bench)?;
        let path = lab.write(&labs)?;
        let picture = picture(&lab, &labs)?;
        if arguments.json {
            output::json(&lab)?;
        } else {
            people(&lab)?;
            output::line(&format!(
                "recorded in {}, drawn in {}\n",
                shown(&path),
                shown(&picture)
            ))?;
        }
    }
    if arguments.json {
        return Ok(());
    }
    if other_data {
        return output::line(&format!(
            "Kept apart from the labs on all of MNIST: reports on runs with the same images cite it.\n\nNext: {} report RUN",
            graft()
        ));
    }
    output::line(&format!("Next: {} report", graft()))
}

/// Draws what a lab measured beside its result.
fn picture(lab: &Lab, labs: &Path) -> Result<PathBuf, Error> {
    let path = labs.join(format!("{}.svg", lab.name()));
    if let Some(chart) = lab.charts(Language::En).first() {
        graft_durable::write(&path, svg_file(chart, Language::En).as_bytes())?;
    }
    Ok(path)
}

fn people(lab: &Lab) -> Result<(), Error> {
    let rows = lab.rows(Language::En);
    let width = rows.iter().map(|row| row.setting.chars().count()).max();
    let width = width.unwrap_or_default();
    output::line(&format!(
        "{:width$}  trained on  trainings  test accuracy (95 % interval)  test loss",
        lab.name()
    ))?;
    for Row {
        setting,
        trained_on,
        trainings,
        accuracy,
        loss,
        ..
    } in &rows
    {
        let (mean, low, high) = (
            percent(accuracy.mean),
            percent(accuracy.low),
            percent(accuracy.high),
        );
        let interval = format!("{mean} ({low} to {high})");
        output::line(&format!(
            "{setting:width$}  {trained_on:>10}  {trainings:>9}  {interval:29}  {loss:>9.4}"
        ))?;
    }
    output::line(&format!(
        "\n{}\n{} images through VGG16, {:.1} s in all, {:.1} s of them for features",
        lab.finding(Language::En),
        lab.passed_images(),
        lab.seconds,
        lab.feature_seconds,
    ))
}
