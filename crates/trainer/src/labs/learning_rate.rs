//! `learning-rate`: Adam's step size by the images a step, on the seed recipe's features.

use graft_report::Difference;
use graft_report::lab::{LearningRate, best};

use super::trial::{Trial, cell, hits, run as run_all};
use super::workbench::Workbench;
use crate::Error;

/// Adam's step sizes; the seed recipe's is among them.
const RATES: [f64; 6] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03];
/// Images a step, the smallest and slowest first; the seed recipe's are among them.
const BATCHES: [usize; 4] = [8, 32, 128, 512];
/// Trainings of each cell.
const SEEDS: u64 = 5;

pub(super) fn run(bench: &mut Workbench) -> Result<LearningRate, Error> {
    let holdout = bench.holdout()?;
    let pair = bench.seed_features()?;
    let bench = &*bench;
    let (train, test) = (
        bench.train_examples(&pair.train),
        bench.test_examples(&pair.test),
    );
    let grid = BATCHES.map(|batch| RATES.map(|rate| (batch, rate)));
    let mut trials = Vec::new();
    for (batch_size, learning_rate) in grid.into_iter().flatten() {
        for seed in 0..SEEDS {
            let mut recipe = bench.recipe.clone();
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
    let finished = run_all("learning-rate", &trials)?;
    let seeds = usize::try_from(SEEDS).unwrap_or(usize::MAX);
    let parts: Vec<_> = finished.chunks(seeds).collect();
    let cells: Vec<_> = parts.iter().filter_map(|part| cell((), part)).collect();
    let of_seed = &bench.recipe.training;
    let seed = cells.iter().position(|cell| {
        let same_rate = (cell.training.learning_rate - of_seed.learning_rate).abs() < 1e-12;
        same_rate && cell.training.batch_size == of_seed.batch_size
    });
    let seed = seed.unwrap_or_default();
    let other = best(&cells, |cell| cell.training != cells[seed].training).unwrap_or_default();
    Ok(LearningRate {
        difference: Difference::new(&hits(parts[seed]), &hits(parts[other])),
        cells,
        seed,
        other,
    })
}
