//! `graft lab`

use std::path::{Path, PathBuf};

use anyhow::Error;
use graft_environment::Paths;
use graft_report::Language;
use graft_report::chart::svg_file;
use graft_report::sweep::{BUNDLED, Results};
use graft_sweeps::Loaded;

use super::{compute, graft, shown, sources};
use crate::cli;
use crate::output;

pub(super) fn run(arguments: &cli::Lab, home: &Paths) -> Result<(), Error> {
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
        let results = graft_sweeps::run(sweep, &arguments.set, &compute, home, &mut sources)?;
        let path = results.write(&labs)?;
        let picture = picture(&results, &labs)?;
        if arguments.json {
            output::json(&results)?;
            continue;
        }
        output::line(&format!(
            "{}\n\n{}\n{} images through the backbone, {:.1} s in all, {:.1} s of them for features\nrecorded in {}, drawn in {}\n",
            results.table(Language::En),
            results.finding(Language::En),
            results.passed_images(),
            results.seconds,
            results.feature_seconds(),
            shown(&path),
            shown(&picture)
        ))?;
    }
    match (arguments.json, other_data) {
        (true, _) => Ok(()),
        (false, false) => output::line(&format!("Next: {} report", graft())),
        (false, true) => output::line(&format!(
            "Kept apart from the labs on all of MNIST: reports on runs with the same images cite it.\n\nNext: {} report RUN",
            graft()
        )),
    }
}

/// Draws what was measured beside its result.
fn picture(results: &Results, labs: &Path) -> Result<PathBuf, Error> {
    let path = labs.join(format!("{}.svg", results.name));
    let picture = svg_file(&results.chart(Language::En), Language::En);
    graft_durable::write(&path, picture.as_bytes())?;
    Ok(path)
}
