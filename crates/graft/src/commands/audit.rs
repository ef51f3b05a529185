//! `graft audit`

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Error;
use graft_dataset::{ImageSet, REMOVE, Verdict, read_verdicts, write_verdicts};
use graft_environment::Paths;
use graft_recipe::{Recipe, recipe_name};
use graft_report::audit::{Audit, Split};
use graft_report::{Language, page, percent};
use graft_runs::{Run, indented, new_folder};
use graft_trainer::audit::{AuditConfig, audit};
use jiff::Timestamp;

use super::{compute, graft, shown, sources};
use crate::cli;
use crate::output;

/// The table that training takes.
const LABELS: &str = "labels.csv";

pub(super) fn run(arguments: &cli::Audit, home: &Paths) -> Result<(), Error> {
    let (name, sets) = (&arguments.recipe.recipe, &arguments.recipe.set);
    let (name, recipe) = match &arguments.run {
        Some(run) => {
            let run = Run::open(&home.runs(), Some(run))?;
            (run.manifest().recipe.clone(), run.recipe()?)
        }
        None => (
            recipe_name(name)?,
            Recipe::load(name, &home.recipes(), sets)?,
        ),
    };
    graft_durable::check_writable(&home.audits())?;
    let started = Timestamp::now();
    let mut sources = sources(home, &arguments.outside)?;
    let config = AuditConfig {
        name: &name,
        recipe: &recipe,
        folds: arguments.folds,
        test: arguments.test,
        compute: &compute(&arguments.compute, home)?,
        home,
    };
    let (audit, images) = audit(&config, &mut sources)?;
    let time = started.strftime("%Y-%m-%dT%H-%M-%S");
    let folder = new_folder(&home.audits(), &format!("{time}-{name}"))?;
    let verdicts = verdicts(&audit, &images, &recipe.data.labels)?;
    let write = |file: &str, bytes: &[u8]| graft_durable::write(&folder.join(file), bytes);
    write(LABELS, &write_verdicts(&verdicts)?)?;
    write("audit.json", &indented(&audit)?)?;
    for split in &audit.splits {
        let file = if split.is_test {
            "test.csv"
        } else {
            "training.csv"
        };
        write(file, split.predictions.to_csv().as_bytes())?;
    }
    for (file, language) in [
        ("audit.html", Language::En),
        ("audit.zh.html", Language::Zh),
    ] {
        write(file, page::audit(&audit, language, graft())?.as_bytes())?;
    }
    if arguments.json {
        return output::json(&audit);
    }
    people(&audit, &folder, verdicts.len())
}

fn people(audit: &Audit, folder: &Path, verdicts: usize) -> Result<(), Error> {
    for split in &audit.splits {
        let Split {
            evaluation,
            probably_wrong,
            ..
        } = split;
        let (images, accuracy) = (evaluation.n, percent(evaluation.accuracy));
        let what = if split.is_test { "test" } else { "training" };
        output::line(&format!(
            "{what} images        {images}, of which heads that did not learn from them tell {accuracy}\n\
             probably wrong labels  {probably_wrong}"
        ))?;
        for pair in split.pairs.iter().filter(|pair| pair.alike) {
            let [a, b] = pair.classes.map(|class| audit.data.name(class));
            output::line(&format!("hardly told apart      {a} and {b}"))?;
        }
    }
    let count =
        |is: fn(&&graft_report::audit::Copies) -> bool| audit.copies.iter().filter(is).count();
    let leaks = match audit.splits.len() {
        1 => String::new(),
        _ => format!(
            ", {} with both training and test images",
            count(|copies| copies.leak)
        ),
    };
    let folder = shown(folder);
    output::line(&format!(
        "groups of copies       {}, {} with different labels{leaks}\n\n\
         {folder}/audit.html (audit.zh.html) shows them, {folder}/{LABELS} lists {verdicts} images to decide about\n\n\
         Next: look at the page, change the column verdict where it is wrong, and {} train --recipe {} --set data.labels={folder}/{LABELS}",
        audit.copies.len(),
        count(|copies| copies.labels_differ),
        graft(),
        audit.recipe,
    ))
}

/// What to decide about: the verdicts of the table `earlier`, if there is one, and after them what was found.
fn verdicts(audit: &Audit, images: &ImageSet, earlier: &str) -> Result<Vec<Verdict>, Error> {
    let mut verdicts = match earlier {
        "" => Vec::new(),
        earlier => read_verdicts(Path::new(earlier))?,
    };
    let mut known: BTreeSet<String> = verdicts.iter().map(|one| one.image.clone()).collect();
    let mut add = |index: usize, verdict: &str, suggested: String, probability, reason: String| {
        let image = images.file(index);
        if known.insert(image.clone()) {
            verdicts.push(Verdict {
                image,
                label: images.name(images.labels()[index].into()),
                verdict: verdict.into(),
                suggested,
                probability,
                reason,
            });
        }
    };
    let suspects = audit.splits[0]
        .suspects
        .iter()
        .filter(|one| one.probably_wrong);
    for one in suspects {
        let suggested = images.name(one.suggested);
        add(
            one.index,
            REMOVE,
            suggested,
            Some(one.probability),
            "the label is probably wrong".into(),
        );
    }
    for copies in &audit.copies {
        let training = copies.images.iter().filter(|copy| !copy.is_test);
        let (verdict, reason) = match (copies.leak, copies.exact, copies.labels_differ) {
            (true, true, _) => (REMOVE, "a test image is the same"),
            (true, false, _) => ("", "a test image is the same, or almost"),
            (false, _, true) => (
                "",
                "another image is the same, or almost, and has another label",
            ),
            (false, _, false) => continue,
        };
        training.for_each(|copy| add(copy.index, verdict, String::new(), None, reason.into()));
    }
    Ok(verdicts)
}
