//! Heads that are trained and measured, several at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use graft_backbone::CpuBackbone;
use graft_dataset::Holdout;
use graft_report::Hits;
use graft_report::lab::{Cell, Measured, Training};
use graft_report::record::{Prediction, Scores};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;
use crate::training::{State, train};
use graft_environment::interrupt::go_on;
use graft_environment::output;
use graft_recipe::Recipe;

/// A head to train and to measure.
pub(super) struct Trial<'a> {
    /// How it learns; its seed decides first weights and order.
    pub(super) recipe: Recipe,
    /// What it learns from and is validated on.
    pub(super) holdout: &'a Holdout,
    /// The images that `holdout` means.
    pub(super) train: &'a LabelledFeatures<'a>,
    /// The images that it is measured on.
    pub(super) test: &'a LabelledFeatures<'a>,
}

/// A head that was measured.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) training: Training,
    pub(super) measured: Measured,
    /// Which test images it got right.
    pub(super) hits: Hits,
    /// Images that it learned from, and that it was validated on.
    images: [usize; 2],
}

impl Trial<'_> {
    fn run(&self) -> Result<Finished, Error> {
        let (recipe, holdout) = (&self.recipe, self.holdout);
        let start = Trainable::new(recipe, self.train, &holdout.train, std::path::Path::new(""))?;
        let start = State::new(recipe, start);
        let (kept, module) = train(start, recipe, self.train, holdout, |_| Ok(go_on()?))?;
        let all: Vec<usize> = (0..self.test.labels.len()).collect();
        let predictions = module.predictions(self.test, &all)?;
        let training = &recipe.training;
        Ok(Finished {
            training: Training {
                standardised: recipe.head.standardise,
                learning_rate: training.learning_rate,
                batch_size: training.batch_size,
                epochs: training.epochs,
                steps: training.epochs * holdout.train.len().div_ceil(training.batch_size),
            },
            measured: Measured {
                seed: training.seed,
                validation: kept.validation,
                test: Scores::from(&predictions.evaluate()?),
            },
            hits: predictions.rows.iter().map(Prediction::is_right).collect(),
            images: [holdout.train.len(), holdout.validation.len()],
        })
    }
}

/// Runs all trials, as many at once as there are threads, and returns their results in their order.
/// Each trains as `train` would, whatever runs beside it.
///
/// These are threads of their own, not tasks of the pool that computes within a trial: a task that
/// waits for the pool might be given another trial to do meanwhile, within an operation of its own.
pub(super) fn run(lab: &str, trials: &[Trial]) -> Result<Vec<Finished>, Error> {
    let progress = Progress::new(lab, trials.len());
    let next = AtomicUsize::new(0);
    let finished = Mutex::new(vec![None; trials.len()]);
    let work = || -> Result<(), Error> {
        while let Some((place, trial)) = take(&next, trials) {
            let done = trial.run().inspect_err(|_| {
                // The others need not begin anything new.
                next.store(trials.len(), Ordering::Relaxed);
            })?;
            if let Ok(mut finished) = finished.lock() {
                finished[place] = Some(done);
            }
            progress.advance();
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads = CpuBackbone::threads().min(trials.len());
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.fold(Ok(()), Result::and)
    })?;
    let finished = finished.into_inner().unwrap_or_default();
    Ok(finished.into_iter().flatten().collect())
}

fn take<'a, 'b>(next: &AtomicUsize, trials: &'a [Trial<'b>]) -> Option<(usize, &'a Trial<'b>)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    Some((place, trials.get(place)?))
}

/// A cell of these trials.
pub(super) fn cell<S>(setting: S, finished: &[Finished]) -> Option<Cell<S>> {
    let first = finished.first()?;
    let measured = finished.iter().map(|one| one.measured).collect();
    Some(Cell::new(
        setting,
        first.training,
        first.images,
        measured,
        &hits(finished),
    ))
}

/// Which test images each of these trials got right.
pub(super) fn hits(finished: &[Finished]) -> Vec<Hits> {
    finished.iter().map(|one| one.hits.clone()).collect()
}

/// A line at every tenth of the trials.
struct Progress<'a> {
    lab: &'a str,
    total: usize,
    done: AtomicUsize,
    started: Instant,
}

impl<'a> Progress<'a> {
    fn new(lab: &'a str, total: usize) -> Self {
        Self {
            lab,
            total,
            done: AtomicUsize::new(0),
            started: Instant::now(),
        }
    }

    fn advance(&self) {
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        let tenth = |done: usize| done * 10 / self.total;
        if tenth(done) > tenth(done - 1) {
            let (lab, total) = (self.lab, self.total);
            let seconds = self.started.elapsed().as_secs_f64();
            output::note(&format!("{lab}: {done} of {total} heads, {seconds:.0} s"));
        }
    }
}
