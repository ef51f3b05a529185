//! Heads that are trained and measured, several at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use graft_dataset::ImageSet;
use graft_environment::interrupt::go_on;
use graft_environment::output;
use graft_report::record::{Prediction, Scores};
use graft_report::sweep::{Cell, Measured, Training};
use graft_report::{Estimate, Hits};

use graft_trainer::at_once;
use graft_trainer::examples::{LabelledFeatures, ViewSource};
use graft_trainer::trainable::Trainable;
use graft_trainer::training::{self, State};

use crate::Error;
use crate::features::Bench;
use crate::own::Classifier;
use crate::plan::{Plan, Planned};

/// A cell that was measured, and which images each of its trainings got right.
pub(super) type Trained = (Cell, Vec<Hits>);

/// Trains and measures all cells, as many at once as there are threads. Each is trained as `train` would,
/// whatever runs beside it.
pub(super) fn run(
    name: &str,
    plan: &Plan,
    bench: &Bench,
    cells: &[(&Planned, usize)],
) -> Result<Vec<Trained>, Error> {
    let started = Instant::now();
    let numbers = 0..plan.sweep.trainings;
    let all = cells
        .iter()
        .flat_map(|cell| numbers.clone().map(move |number| (cell, number)));
    let all: Vec<_> = all.collect();
    let done = AtomicUsize::new(0);
    let tenth = |done: usize| done * 10 / all.len();
    let finished = at_once(all.len(), |place| {
        let ((cell, features), number) = all[place];
        let one = train(plan, bench, cell, *features, number)?;
        let before = done.fetch_add(1, Ordering::Relaxed);
        if tenth(before + 1) > tenth(before) {
            let (done, seconds) = (before + 1, started.elapsed().as_secs_f64());
            output::note(&format!(
                "{name}: {done} of {} heads, {seconds:.0} s",
                all.len()
            ));
        }
        Ok::<_, Error>(one)
    })?;
    let trainings = usize::try_from(plan.sweep.trainings).unwrap_or(usize::MAX);
    let cells = finished.chunks(trainings).filter_map(together);
    Ok(cells.collect())
}

/// Several trainings of a cell.
fn together(trained: &[Trained]) -> Option<Trained> {
    let (first, _) = trained.first()?;
    let hits: Vec<Hits> = trained.iter().flat_map(|(_, hits)| hits.clone()).collect();
    let trainings = trained.iter().flat_map(|(cell, _)| cell.trainings.clone());
    let cell = Cell {
        trainings: trainings.collect(),
        accuracy: Estimate::accuracy(&hits),
        ..first.clone()
    };
    Some((cell, hits))
}

/// Trains a head of `cell` and measures it.
fn train(
    plan: &Plan,
    bench: &Bench,
    cell: &Planned,
    features: usize,
    number: u64,
) -> Result<Trained, Error> {
    let holdout = cell.holdout(&bench.train, plan.base.training.seed, number)?;
    let mut recipe = cell.recipe.clone();
    let steps = holdout.train.len().div_ceil(recipe.training.batch_size);
    recipe.training.seed += cell.own.seed + number;
    if cell.own.steps > 0 {
        recipe.training.epochs = cell.own.steps.div_ceil(steps.max(1));
    }
    let pair = bench.at(features);
    let (classes, compute) = (bench.train.classes(), bench.compute);
    let compute = compute.of_head(recipe.backbone);
    let views: Vec<_> = pair.views.iter().collect();
    let train = LabelledFeatures {
        views: ViewSource::Cached {
            indices: &pair.viewed,
            features: &views,
        },
        ..LabelledFeatures::new(&pair.train, bench.train.labels(), classes, &compute)
    };
    let weights = bench.paths.weights(recipe.backbone.network.name);
    let start = Trainable::new(&recipe, &train, &holdout.train, &weights)?;
    let all: Vec<usize> = (0..bench.test.as_ref().map_or(0, ImageSet::len)).collect();
    let test = match (&pair.test, &bench.test) {
        (Some(features), Some(images)) => Some(LabelledFeatures::new(
            features,
            images.labels(),
            classes,
            &compute,
        )),
        _ => None,
    };
    let (measured, indices) = match &test {
        Some(test) => (test, &all),
        None => (&train, &holdout.validation),
    };
    let (validation, predictions) = match cell.own.classifier {
        Classifier::Head => {
            let state = State::new(&recipe, start)?;
            let (kept, module) =
                training::train(state, &recipe, &train, &holdout, |_| Ok(go_on()?))?;
            (kept.validation, module.predictions(measured, indices)?)
        }
        Classifier::NearestNeighbour => {
            let learned = (&train, &holdout.train[..], views.len() + 1);
            let of =
                |data: &LabelledFeatures, indices: &[usize]| start.nearest(learned, data, indices);
            let validation = match &holdout.validation[..] {
                [] => None,
                held_out => Some(Scores::from(&of(&train, held_out)?.evaluate()?)),
            };
            (validation, of(measured, indices)?)
        }
    };
    let hits = vec![predictions.rows.iter().map(Prediction::is_right).collect()];
    let training = &recipe.training;
    let cell = Cell {
        at: cell.at.clone(),
        chosen: true,
        training: Training {
            normalise: recipe.head.normalise.to_string(),
            classifier: match cell.own.classifier {
                Classifier::Head => None,
                Classifier::NearestNeighbour => Some("nearest-neighbour".into()),
            },
            hidden: recipe.head.hidden.clone(),
            learning_rate: training.learning_rate,
            batch_size: training.batch_size,
            epochs: training.epochs,
        },
        values: pair.train.width(),
        trained_on: holdout.train.len(),
        validated_on: holdout.validation.len(),
        measured_on: predictions.rows.len(),
        trainings: vec![Measured {
            seed: training.seed,
            validation,
            scores: Scores::from(&predictions.evaluate()?),
        }],
        accuracy: Estimate::accuracy(&hits),
    };
    Ok((cell, hits))
}
