//! `graft lab`

use std::path::{Path, PathBuf};

use graft_report::Language;
use graft_report::chart::svg_file;
use graft_report::percent;
use graft_report::sweep::{BUNDLED, Results};

use super::{compute, graft, shown, sources};
use crate::Error;
use crate::cli;
use crate::home::Home;
use crate::output;
use crate::sweeps::{self, Loaded};

pub(super) fn run(arguments: &cli::Lab, home: &Home) -> Result<(), Error> {
    let asked = match arguments.name.as_str() {
        cli::ALL => BUNDLED.iter().map(|(name, _)| *name).collect(),
        name => vec![name],
    };
    let loaded = asked
        .iter()
        .map(|asked| Loaded::new(asked, &home.recipes()));
    let loaded = loaded.collect::<Result<Vec<_>, _>>()?;
    let other_data = arguments.set.iter().any(|set| set.starts_with("data."));
    let labs = if other_data {
        home.labs_on_other_data()
    } else {
        home.labs()
    };
    graft_durable::check_writable(&labs)?;
    let compute = compute(&arguments.compute, home)?;
    let mut sources = sources(home, &arguments.outside)?;
    for sweep in loaded {
        let results = sweeps::run(sweep, &arguments.set, &compute, home, &mut sources)?;
        let path = results.write(&labs)?;
        let picture = picture(&results, &labs)?;
        if arguments.json {
            output::json(&results)?;
        } else {
            people(&results)?;
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

/// Draws what was measured beside its result.
fn picture(results: &Results, labs: &Path) -> Result<PathBuf, Error> {
    let path = labs.join(format!("{}.svg", results.name));
    let picture = svg_file(&results.chart(Language::En), Language::En);
    graft_durable::write(&path, picture.as_bytes())?;
    Ok(path)
}

fn people(results: &Results) -> Result<(), Error> {
    let rows = results.rows(Language::En);
    let settings = rows.iter().map(|row| row.setting.chars().count());
    let width = settings.max().unwrap_or_default();
    let measured = match results.test {
        Some(_) => "test",
        None => "validation",
    };
    output::line(&format!(
        "{:width$}  trained on  trainings  {measured} accuracy (95 % interval)  {measured} loss",
        results.name
    ))?;
    for row in &rows {
        let [mean, low, high] =
            [row.accuracy.mean, row.accuracy.low, row.accuracy.high].map(percent);
        output::line(&format!(
            "{:width$}  {:>10}  {:>9}  {:29}  {:>9.4}",
            row.setting,
            row.trained_on,
            row.trainings,
            format!("{mean} ({low} to {high})"),
            row.loss
        ))?;
    }
    output::line(&format!(
        "\n{}\n{} images through the backbone, {:.1} s in all, {:.1} s of them for features",
        results.finding(Language::En),
        results.passed_images(),
        results.seconds,
        results.feature_seconds(),
    ))
}
