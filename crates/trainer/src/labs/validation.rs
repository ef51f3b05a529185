//! `validation`: many recipes on the seed recipe's features, chosen honestly and not.

use graft_report::Difference;
use graft_report::lab::{Validation, best};

use super::halves::halves;
use super::trial::{Trial, cell, run as run_all};
use super::workbench::Workbench;
use crate::Error;

const RATES: [f64; 5] = [0.0001, 0.0003, 0.001, 0.003, 0.01];
const BATCHES: [usize; 3] = [32, 128, 512];
/// Seeds are candidates of their own: people choose by them too.
const SEEDS: u64 = 2;

pub(super) fn run(bench: &mut Workbench) -> Result<Validation, Error> {
    let holdout = bench.holdout()?;
    let pair = bench.seed_features()?;
    let bench = &*bench;
    let (train, test) = (
        bench.train_examples(&pair.train),
        bench.test_examples(&pair.test),
    );
    let mut trials = Vec::new();
    for batch_size in BATCHES {
        for standardise in [true, false] {
            for learning_rate in RATES {
                for seed in 0..SEEDS {
                    let mut recipe = bench.recipe.clone();
                    recipe.head.standardise = standardise;
                    recipe.training.batch_size = batch_size;
                    recipe.training.learning_rate = learning_rate;
                    recipe.training.seed += seed;
                    trials.push(Trial {
                        recipe,
                        holdout: &holdout,
                        train: &train,
                        test: &test,
                    });
                }
            }
        }
    }
    let finished = run_all("validation", &trials)?;
    let candidates: Vec<_> = finished
        .iter()
        .filter_map(|one| cell((), std::slice::from_ref(one)))
        .collect();
    let by_validation = best(&candidates, |_| true).unwrap_or_default();
    let hits: Vec<_> = finished.into_iter().map(|one| one.hits).collect();
    let right = |hits: &[bool]| hits.iter().filter(|hit| **hit).count();
    // The first of equals.
    let by_test = (0..hits.len())
        .rev()
        .max_by_key(|place| right(&hits[*place]));
    let by_test = by_test.unwrap_or_default();
    Ok(Validation {
        difference: Difference::new(
            &hits[by_validation..=by_validation],
            &hits[by_test..=by_test],
        ),
        halves: halves(&hits, by_validation, bench.recipe.training.seed),
        candidates,
        by_validation,
        by_test,
    })
}
