//! The whole pipeline in one screenful: bytes to images, images to features, features to a trained
//! head, and the record of how it went.

use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use graft_dataset::{Holdout, ImageSet, Split};
use graft_durable::{check_writable, sha256};
use graft_head::Head;
use graft_report::record::{
    CacheEntry, Data, Epoch, HEAD, HeadHashes, Manifest, Stages, TRAIN_PREDICTIONS,
    VALIDATION_PREDICTIONS, WeightHashes,
};
use jiff::Timestamp;

use crate::Error;
use crate::examples::Examples;
use crate::fit::{Fitted, Moment, State, fit};
use crate::machine;
use crate::run::{Run, Start, Started, Unfinished, layers, samples};
use crate::sources::{Sources, origin};
use graft_compute::Backend;
use graft_compute::ComputeContext;
use graft_compute::LoadedBackbone;
use graft_environment::Paths;
use graft_environment::interrupt;
use graft_features::{Extracted, Extractor};
use graft_recipe::Recipe;

/// What to train, on what, and where.
pub struct Order<'a> {
    /// The recipe's name, for the run folder's.
    pub name: &'a str,
    /// The recipe.
    pub recipe: &'a Recipe,
    /// What it computes on.
    pub compute: &'a ComputeContext,
    /// Where everything lies.
    pub home: &'a Paths,
    /// The run to go on with rather than beginning one.
    pub unfinished: Option<Unfinished>,
}

/// What a training run yields.
pub struct Trained {
    /// The complete run.
    pub run: Run,
    /// How its features were had.
    pub extracted: Extracted,
}

/// Trains a head as the recipe says and records the run, telling `on_epoch` of every epoch as it
/// ends. The test set is never opened.
///
/// # Errors
/// When something is missing that cannot be fetched, an input is wrong, the device fails, training
/// diverges, or a file cannot be written.
pub fn train(
    order: Order,
    sources: &mut Sources,
    on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Trained, Error> {
    let clock = Clock::start();
    let Order {
        recipe,
        compute,
        home,
        name,
        unfinished,
    } = order;
    check_writable(&home.runs())?;

    let images = sources.images(recipe, Split::Train)?;
    let holdout = recipe.holdout(&images)?;
    let loaded = sources.backbone(compute, recipe.backbone)?;
    let before = loaded.frozen.weights_hash()?;

    let extracted =
        Extractor::new(&loaded, recipe, compute, home).features(&images, Split::Train)?;
    let (features, labels, classes) = (&extracted.features, images.labels(), recipe.data.classes);
    let examples = Examples {
        features,
        labels,
        classes,
        device: &compute.device,
        host: compute.backend == Backend::Cpu,
    };

    let commit = machine::commit();
    let start = Start {
        graft: env!("CARGO_PKG_VERSION").into(),
        commit: commit.clone(),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        started: clock.started,
        recipe: name.into(),
        recipe_sha256: sha256(recipe.to_toml()?.as_bytes()),
        data: data(recipe, &images, &extracted),
        weights: loaded.hashes.clone(),
        features: features.sha256().into(),
        backend: compute.backend.name().into(),
    };
    let resumed = unfinished.is_some();
    interrupt::watch()?;
    let (mut run, start, state) = begin(unfinished, start, recipe, home, &examples, &holdout)?;
    let head_clock = Instant::now();
    let state = state.unwrap_or_else(|| State::new(recipe, &examples, &holdout));
    let (fitted, recording) = learn(&mut run, state, recipe, (&examples, &holdout), on_epoch)?;
    let stages = Stages {
        fetch: sources.seconds(),
        features: extracted.seconds,
        head: head_clock.elapsed().as_secs_f64(),
        checkpoints: recording.as_secs_f64(),
    };

    let backbone = unmoved(&loaded, before)?;
    predict(&mut run, &fitted, &examples, &holdout)?;
    let initial = bytes(&fitted.initial, run.folder())?;
    let head = bytes(&fitted.head, run.folder())?;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        graft: env!("CARGO_PKG_VERSION").into(),
        commit,
        command: start.command,
        started: start.started,
        resumed,
        ended: Timestamp::now(),
        recipe: name.into(),
        machine: machine::machine(compute, recipe.backbone.precision),
        data: start.data,
        network: recipe.backbone.network.title.into(),
        origin: origin(&loaded),
        layers: layers(recipe),
        backbone,
        cache: CacheEntry {
            result: extracted.cached,
            key: extracted.key.to_value(),
            sha256: features.sha256().into(),
        },
        head: HeadHashes {
            before: sha256(&initial),
            after: sha256(&head),
        },
        trained_on: holdout.train.len(),
        validated_on: holdout.validation.len(),
        kept_epoch: fitted.kept.epoch,
        train: fitted.kept.train,
        validation: fitted.kept.validation,
        seconds: clock.seconds(),
        stages,
    };
    let samples = samples(&images, recipe.preprocessing)?;
    Ok(Trained {
        run: run.finish(&head, &samples, manifest)?,
        extracted,
    })
}

/// Trains the head, recording every step and epoch in `run`; also returns how long recording took.
fn learn(
    run: &mut Started,
    state: State,
    recipe: &Recipe,
    (examples, holdout): (&Examples, &Holdout),
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<(Fitted, Duration), Error> {
    let mut recording = Duration::ZERO;
    let fitted = fit(state, recipe, examples, holdout, |moment| {
        let clock = Instant::now();
        match moment {
            Moment::Step(state) => run.step(state)?,
            Moment::Epoch(epoch, state) => {
                run.epoch(epoch, state)?;
                on_epoch(epoch)?;
            }
        }
        recording += clock.elapsed();
        Ok(())
    })?;
    Ok((fitted, recording))
}

/// Records what the kept head makes of every image it could have seen.
fn predict(
    run: &mut Started,
    fitted: &Fitted,
    examples: &Examples,
    holdout: &Holdout,
) -> Result<(), Error> {
    for (name, indices) in [
        (TRAIN_PREDICTIONS, &holdout.train),
        (VALIDATION_PREDICTIONS, &holdout.validation),
    ] {
        if !indices.is_empty() {
            let predictions = examples.predictions(&fitted.head, indices)?;
            run.predictions(name, &predictions)?;
        }
    }
    Ok(())
}

/// Begins the run that starts now, or goes on with an unfinished one and what that started with.
fn begin(
    unfinished: Option<Unfinished>,
    now: Start,
    recipe: &Recipe,
    home: &Paths,
    examples: &Examples,
    holdout: &Holdout,
) -> Result<(Started, Start, Option<State>), Error> {
    let Some(unfinished) = unfinished else {
        return Ok((Started::create(&home.runs(), &now, recipe)?, now, None));
    };
    let state = unfinished.state(examples, holdout)?;
    let epochs = state.as_ref().map_or(&[][..], State::epochs);
    let then = unfinished.start().clone();
    Ok((Started::resume(unfinished, &now, epochs)?, then, state))
}

fn data(recipe: &Recipe, images: &ImageSet, extracted: &Extracted) -> Data {
    Data {
        source: recipe.data.source.clone(),
        images: extracted.key.images.clone(),
        labels: sha256(images.labels()),
        rows: images.rows(),
        columns: images.columns(),
        classes: recipe.data.classes,
    }
}

/// The proof that the backbone did not train: its hash is what it was.
fn unmoved(loaded: &LoadedBackbone, before: String) -> Result<WeightHashes, Error> {
    let after = loaded.frozen.weights_hash()?;
    if after != before {
        return Err(Error::BackboneMoved { before, after });
    }
    Ok(WeightHashes {
        files: loaded.hashes.clone(),
        before,
        after,
    })
}

fn bytes(head: &Head, run: &Path) -> Result<Vec<u8>, Error> {
    head.to_bytes().map_err(|source| Error::Head {
        path: run.join(HEAD),
        source,
    })
}

/// When the run began, for the record and for counting.
struct Clock {
    started: Timestamp,
    counting: Instant,
}

impl Clock {
    fn start() -> Self {
        Self {
            started: Timestamp::now(),
            counting: Instant::now(),
        }
    }

    fn seconds(&self) -> f64 {
        self.counting.elapsed().as_secs_f64()
    }
}
