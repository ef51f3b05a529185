//! The whole pipeline in one screenful: bytes to images, images to features, features to a trained
//! head, and the record of how it went.

mod ahead;
mod prepared;

pub use ahead::{find_rate, plan};

use std::env;
use std::time::Instant;

use graft_dataset::Holdout;
use graft_durable::{check_writable, sha256};
use graft_report::record::{
    CLASS_MEANS, CacheEntry, Epoch, HeadHashes, Manifest, Samples, Stages, TRAIN_PREDICTIONS,
    VALIDATION_PREDICTIONS, ViewFeatures,
};
use jiff::Timestamp;

use crate::Error;
use crate::examples::{LabelledFeatures, ViewSource};
use crate::familiarity::class_means;
use crate::input;
use crate::inspect;
use crate::machine;
use crate::proof::prove;
use crate::sources::{Sources, described, origin};
use crate::trainable::Trainable;
use crate::training::{State, TrainingEvent, is_best, train as train_module};
use graft_compute::Backend;
use graft_compute::ComputeContext;
use graft_compute::LoadedBackbone;
use graft_environment::Paths;
use graft_environment::interrupt;
use graft_features::{Extracted, Extractor, Features, hash_images};
use graft_recipe::Recipe;
use graft_runs::{Resumable, Run, RunWriter, Spent, Start, layers, samples};
use prepared::{Inputs, PreparedFeatures, features, views_of};

/// What to train, on what, and where.
pub struct TrainConfig<'a> {
    /// The recipe's name, for the run folder's.
    pub name: &'a str,
    /// The recipe.
    pub recipe: &'a Recipe,
    /// What it computes on.
    pub compute: &'a ComputeContext,
    /// Where everything lies.
    pub home: &'a Paths,
    /// The run to resume rather than beginning one.
    pub resume: Option<Resumable>,
    /// How the features of views are had; the cheaper way, where the user wants none by name.
    pub views: Option<ViewFeatures>,
    /// What asks before it begins where that may not be wanted.
    pub confirm: &'a Confirm<'a>,
}

/// Asks whether to begin in spite of what it is told.
pub type Confirm<'a> = dyn Fn(&str) -> Result<(), Error> + 'a;

/// What a training run yields.
pub struct Trained {
    /// The complete run.
    pub run: Run,
    /// How its features were had.
    pub extracted: Extracted,
}

/// Trains as the recipe says and records the run, telling `on_epoch` of every epoch as it ends. The
/// test set is never opened.
///
/// # Errors
/// When something is missing that cannot be fetched, an input is wrong, the device fails, training
/// diverges, or a file cannot be written.
#[expect(
    clippy::too_many_lines,
    reason = "the pipeline is read from top to bottom"
)]
pub fn train(
    config: TrainConfig,
    sources: &mut Sources,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Trained, Error> {
    let (clock, started) = (Instant::now(), Timestamp::now());
    let TrainConfig {
        recipe,
        compute,
        home,
        name,
        resume,
        views: wanted,
        confirm,
    } = config;
    check_writable(&home.runs())?;

    let Inputs {
        images,
        holdout,
        recipe,
        mut loaded,
    } = Inputs::read(recipe, compute, sources)?;
    let recipe = &recipe;
    inspect::training(&images, &holdout);
    let frozen = loaded.frozen.hashes()?;
    let mut start = Start {
        graft: env!("CARGO_PKG_VERSION").into(),
        commit: machine::commit(),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        started,
        recipe: name.into(),
        recipe_sha256: sha256(recipe.to_toml()?.as_bytes()),
        data: described(&recipe.data, &images),
        weights: weights(&loaded, recipe),
        backend: compute.backend.name().into(),
        features: None,
    };
    if let Some(run) = &resume {
        start.data.images = hash_images(&images);
        run.check(&start)?;
    }

    let PreparedFeatures {
        plan,
        extracted,
        views,
        hash,
    } = features(
        (recipe, &images, &holdout),
        &loaded,
        (compute, home),
        (wanted, confirm, resume.is_some()),
        clock,
    )?;
    let on_the_fly = plan.views == Some(ViewFeatures::OnTheFly);
    if !on_the_fly {
        loaded.frozen.release();
    }
    let seconds = |extracted: &Extracted| extracted.seconds;
    let features = extracted.seconds + views.iter().map(seconds).sum::<f64>();
    let bytes = |extracted: &Extracted| Features::bytes(&extracted.path).unwrap_or(0);
    let features_bytes = bytes(&extracted) + views.iter().map(bytes).sum::<u64>();
    start.data.images.clone_from(&extracted.key.images);
    start.features = Some(hash);
    let extractor = Extractor::new(&loaded, recipe, compute, home);
    let all_views = views_of(&extractor, recipe, &images, &holdout)?;
    let seen: Vec<_> = views.iter().map(|view| &view.features).collect();
    resume.as_ref().map_or(Ok(()), |run| run.check(&start))?;
    let (features_of, labels) = (&extracted.features, images.labels());
    let head = compute.of_head(recipe.backbone);
    let data = LabelledFeatures {
        views: if on_the_fly {
            ViewSource::OnTheFly(&all_views)
        } else {
            ViewSource::Cached {
                indices: &holdout.train,
                features: &seen,
            }
        },
        ..LabelledFeatures::new(features_of, labels, images.classes(), &head)
    };

    // Before it is trained: a picture of a manifest may be out of reach.
    let samples = Samples {
        views: graft_runs::views(&images, &recipe.augmentation, &holdout)?,
        ..samples(&images, recipe.preprocessing)?
    };

    interrupt::watch()?;
    let head_clock = Instant::now();
    let folder = home.weights(recipe.backbone.network.name);
    let initial = Trainable::new(recipe, &data, &holdout.train, &folder)?;
    let (resumed, commit) = (resume.is_some(), start.commit.clone());
    let (mut run, state, earlier) = match resume {
        None => {
            let state = State::new(recipe, initial.clone())?;
            let (recipe, bytes) = (recipe.to_toml()?, state.to_bytes(head.backend)?);
            let run = RunWriter::create(&home.runs(), start, &recipe, bytes)?;
            (run, state, Spent::default())
        }
        Some(run) => {
            let (bytes, spent) = (&run.checkpoint.state, run.checkpoint.spent);
            let state = State::from_bytes(bytes, &initial, recipe, &data);
            let state = state.map_err(|why| run.unfit(why))?;
            (RunWriter::resume(run, state.epochs())?, state, spent)
        }
    };
    let fetch = sources.seconds();
    let spent = |checkpoints| {
        earlier.and(Spent {
            seconds: clock.elapsed().as_secs_f64(),
            stages: Stages {
                fetch,
                features,
                head: head_clock.elapsed().as_secs_f64(),
                checkpoints,
            },
        })
    };
    let mut recording = 0.0;
    let every = recipe.training.checkpoint_steps;
    let kept = train_module(state, recipe, &data, &holdout, |event| {
        let recorded = Instant::now();
        record(
            &mut run,
            &event,
            (every, head.backend),
            spent(recording),
            &mut on_epoch,
        )?;
        recording += recorded.elapsed().as_secs_f64();
        Ok(())
    })?;
    let stages = spent(recording).stages;

    let frozen = [frozen, loaded.frozen.hashes()?];
    let trained = [&initial, &kept.1].map(|module| match &module.stages {
        Some(stages) => stages.hashes(),
        None => Ok(Vec::new()),
    });
    let [before, after] = trained;
    let backbone = prove(&loaded.hashes, frozen, [before?, after?])?;
    let (epoch, module) = kept;
    let (module, temperature) = module.calibrated(recipe, &data, &holdout)?;
    predict(&mut run, &module, &data, &holdout)?;
    let initial = initial.files(run.folder())?;
    let files = module.files(run.folder())?;
    let then = run.start().clone();
    let manifest = Manifest {
        format: Manifest::FORMAT,
        graft: env!("CARGO_PKG_VERSION").into(),
        started_by: then.commit.filter(|then| Some(then) != commit.as_ref()),
        commit,
        command: then.command,
        started: then.started,
        resumed,
        ended: Timestamp::now(),
        recipe: name.into(),
        machine: machine::machine(compute, recipe.backbone),
        data: then.data,
        pictures: Some(input::name(input::picture_form(&recipe.data.source, &images)).into()),
        network: recipe.backbone.network.title.into(),
        origin: origin(&loaded),
        layers: layers(recipe, images.classes()),
        backbone,
        cache: CacheEntry {
            result: extracted.cached,
            computed: (extracted.reused > 0).then_some(extracted.computed),
            key: extracted.key.to_value(),
            sha256: extracted.features.sha256().into(),
        },
        head: HeadHashes {
            before: sha256(&initial[0].1),
            after: sha256(&files[0].1),
        },
        trained_on: holdout.train.len(),
        validated_on: holdout.validation.len(),
        kept_epoch: epoch.epoch,
        train: epoch.train,
        validation: epoch.validation,
        temperature,
        forecast: plan.forecast().filter(|_| !resumed),
        features_bytes: Some(features_bytes),
        seconds: spent(recording).seconds,
        stages,
    };
    Ok(Trained {
        run: run.finish(&files, &samples, manifest)?,
        extracted,
    })
}

/// Records a step or an epoch in `run`: a checkpoint after every so many steps and every epoch, and
/// wherever a signal asks to stop.
fn record(
    run: &mut RunWriter,
    event: &TrainingEvent,
    (every, backend): (usize, Backend),
    spent: Spent,
    on_epoch: &mut impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<(), Error> {
    let signal = interrupt::requested();
    let (state, is_due) = match event {
        TrainingEvent::Step(state) => (state, every > 0 && state.steps().is_multiple_of(every)),
        TrainingEvent::Epoch(epoch, state) => {
            run.epoch(epoch)?;
            on_epoch(epoch)?;
            (state, true)
        }
    };
    if is_due || signal.is_some() {
        let (epochs, steps) = (state.epochs(), state.steps());
        let is_best = steps == 0 && is_best(epochs);
        run.save(
            (epochs.len(), steps),
            is_best,
            spent,
            state.to_bytes(backend)?,
        )?;
    }
    match signal {
        None => Ok(()),
        Some(signal) => Err(Error::Interrupted {
            signal,
            run: run.folder().to_owned(),
        }),
    }
}

/// Records what the kept module makes of every image it could have seen, and what a class's images are like.
fn predict(
    run: &mut RunWriter,
    module: &Trainable,
    data: &LabelledFeatures,
    holdout: &Holdout,
) -> Result<(), Error> {
    for (name, indices) in [
        (TRAIN_PREDICTIONS, &holdout.train),
        (VALIDATION_PREDICTIONS, &holdout.validation),
    ] {
        if !indices.is_empty() {
            let predictions = module.predictions(data, indices)?;
            run.predictions(name, &predictions)?;
        }
    }
    if let Some(means) = class_means(module, data, holdout)? {
        run.add(CLASS_MEANS, &means.to_bytes()?)?;
    }
    Ok(())
}

/// SHA-256 of the weights files of all stages that are kept.
fn weights(loaded: &LoadedBackbone, recipe: &Recipe) -> Vec<String> {
    let kept = loaded.manifest.blocks.iter();
    let kept = kept.take(recipe.backbone.boundary.number());
    kept.map(|block| block.sha256.clone()).collect()
}
