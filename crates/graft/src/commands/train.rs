//! `graft train`

use std::io::{self, IsTerminal};

use serde::Serialize;

use super::{compute, graft, report, shown, sources};
use graft_report::percent;
use graft_report::record::{Cached, Epoch, Scores, Stages, WeightHashes};

use crate::cli::Train;
use crate::output;
use anyhow::Error;
use graft_compute::{Backend, Engine};
use graft_environment::{Paths, interrupt};
use graft_network::Unfreeze;
use graft_recipe::{Recipe, recipe_name};
use graft_runs::Resumable;
use graft_trainer::pipeline::{TrainConfig, Trained, train};

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    /// The run's folder.
    run: String,
    /// Seconds in all.
    seconds: f64,
    /// Seconds a stage.
    stages: Stages,
    /// Images for which features were had, computed or read, a second.
    images_per_second: f64,
    cache: Cached,
    kept_epoch: usize,
    train: Scores,
    validation: Option<Scores>,
    peak_memory_bytes: Option<u64>,
    backbone: &'a str,
    head: &'a str,
}

pub(super) fn run(arguments: &Train, home: &Paths) -> Result<(), Error> {
    let (name, sets) = (&arguments.recipe.recipe, &arguments.recipe.set);
    let checkpoint = arguments.checkpoint.unwrap_or_default();
    let resume = match &arguments.resume {
        Some(run) => Some(Resumable::open(&home.runs(), run, checkpoint, sets)?),
        None => None,
    };
    let (name, recipe) = match &resume {
        Some(run) => (run.checkpoint.start.recipe.clone(), run.recipe.clone()),
        None => (
            recipe_name(name)?,
            Recipe::load(name, &home.recipes(), sets)?,
        ),
    };
    let compute = compute(&arguments.compute, home)?;
    let unfreeze = recipe.backbone.unfreeze;
    if unfreeze != Unfreeze::None
        && compute.engine == Engine::Burn
        && compute.backend == Backend::Cpu
    {
        output::note(&format!(
            "{unfreeze} to {} learn with the head. On a CPU Burn trains some ten images a second: for a first try set data.limit=1000 data.validation=200 training.epochs=3",
            recipe.backbone.boundary
        ));
    }
    let config = TrainConfig {
        name: &name,
        recipe: &recipe,
        compute: &compute,
        home,
        resume,
        views: arguments.augmentation.map(Into::into),
        confirm: &|warning| confirm(warning, arguments.yes),
    };
    let mut sources = sources(home, &arguments.outside)?;
    let tell = |epoch: &Epoch| {
        if arguments.json {
            return Ok(());
        }
        row(epoch).map_err(|error| graft_trainer::Error::Output(format!("{error:#}")))
    };
    let trained = train(config, &mut sources, tell)?;
    report::write_all(trained.run.folder(), home)?;
    if arguments.json {
        json(&trained)
    } else {
        people(&trained)
    }
}

/// Asks at a terminal; elsewhere the user has to have said so.
fn confirm(warning: &str, yes: bool) -> Result<(), graft_trainer::Error> {
    if yes {
        return Ok(());
    }
    let declined = || graft_trainer::Error::Declined(warning.into());
    if !io::stdin().is_terminal() {
        return Err(declined());
    }
    output::note(&format!("{warning}\nStart anyway? [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    interrupt::go_on()?;
    if read.is_ok() && answer.trim().eq_ignore_ascii_case("y") {
        Ok(())
    } else {
        Err(declined())
    }
}

/// A row of the table of epochs; the first brings the table's head with it.
fn row(epoch: &Epoch) -> Result<(), Error> {
    if epoch.epoch == 1 {
        output::line("epoch  train loss  accuracy   validation loss  accuracy   seconds")?;
    }
    let Scores { loss, accuracy } = epoch.train;
    let validation = epoch.validation.map_or_else(
        || format!("{:>15}  {:>8}", "-", "-"),
        |scores| format!("{:>15.4}  {:>8}", scores.loss, percent(scores.accuracy)),
    );
    let (number, accuracy, seconds) = (epoch.epoch, percent(accuracy), epoch.seconds);
    output::line(&format!(
        "{number:>5}  {loss:>10.4}  {accuracy:>8}   {validation}   {seconds:>7.2}"
    ))
}

fn people(trained: &Trained) -> Result<(), Error> {
    let manifest = trained.run.manifest();
    let Stages {
        fetch,
        features,
        head,
        checkpoints,
    } = manifest.stages;
    let memory = manifest
        .machine
        .peak_memory_bytes
        .map_or_else(|| "unknown".into(), output::size);
    let images = trained.extracted.features.images();
    let cache = match trained.extracted.computed {
        0 => "read from the cache".to_owned(),
        computed if computed == images => "computed and cached".to_owned(),
        computed => format!("computed for {computed} images, the others' were cached"),
    };
    let rate = trained.extracted.images_per_second();
    // Those of views may have been cached beside them, and the rest of the time is theirs.
    let views = features - trained.extracted.seconds;
    let views = match trained.run.recipe()?.augmentation.changed_views() {
        1.. if views > 1.0 => format!("; {views:.1} s of it for views"),
        _ => String::new(),
    };
    let folder = shown(trained.run.folder());
    let backbone = backbone(&manifest.backbone);
    let command = graft();
    output::line(&format!(
        "
trained on {} images, validated on {}; kept epoch {}
features   {features:.1} s, {cache} ({rate:.0} images/s){views}
training   {head:.1} s, of which checkpoints and metrics {checkpoints:.2} s
in all     {:.1} s, of which fetching and importing {fetch:.1} s; peak memory {memory}
backbone   {backbone}
run        {folder}: the record, and report.html (report.zh.html)

Next: {command} eval",
        manifest.trained_on, manifest.validated_on, manifest.kept_epoch, manifest.seconds
    ))
}

/// Which stages did not move, by their hashes, and which did.
fn backbone(hashes: &WeightHashes) -> String {
    let trained = hashes.stages.iter().filter(|stage| stage.trained);
    let trained: Vec<_> = trained.map(|stage| &*stage.stage).collect();
    let frozen = format!("frozen: sha256 {}... before and after", &hashes.after[..12]);
    match trained.as_slice() {
        [] => frozen,
        trained if trained.len() == hashes.stages.len() => {
            format!("trained: {}", trained.join(", "))
        }
        trained => format!(
            "trained: {}; the blocks before them {frozen}",
            trained.join(", ")
        ),
    }
}

fn json(trained: &Trained) -> Result<(), Error> {
    let manifest = trained.run.manifest();
    output::json(&Summary {
        run: trained.run.folder().display().to_string(),
        seconds: manifest.seconds,
        stages: manifest.stages,
        images_per_second: trained.extracted.images_per_second(),
        cache: trained.extracted.cached,
        kept_epoch: manifest.kept_epoch,
        train: manifest.train,
        validation: manifest.validation,
        peak_memory_bytes: manifest.machine.peak_memory_bytes,
        backbone: &manifest.backbone.after,
        head: &manifest.head.after,
    })
}
