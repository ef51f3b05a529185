//! `preprocessing`: two scalings by three sizes, with features as they are and standardised.

use graft_dataset::{self as dataset, Holdout};
use graft_report::Difference;
use graft_report::lab::{Fit, Preparation, Preprocessing, Scaling};

use super::trial::{Finished, Trial, cell, hits, run as run_all};
use super::workbench::Workbench;
use crate::Error;

/// Trainings of each cell.
const SEEDS: u64 = 5;

pub(super) fn run(bench: &mut Workbench) -> Result<Preprocessing, Error> {
    let few = bench.few()?;
    let preparations = Preparation::all();
    let mut pairs = Vec::new();
    for preparation in &preparations {
        let wanted = prepared(*preparation);
        pairs.push(if wanted == dataset::Preprocessing::default() {
            // The first of these are the images of the other cells.
            bench.seed_features()?
        } else {
            let Preparation { size, .. } = preparation;
            let what = format!("{size} px, {:?}, {:?}", wanted.fit, wanted.scaling);
            bench.features(&what.to_lowercase(), &few, wanted)?
        });
    }
    let bench = &*bench;
    let holdout = Holdout {
        train: (0..few.len()).collect(),
        validation: Vec::new(),
    };
    let examples: Vec<_> = pairs
        .iter()
        .map(|pair| {
            (
                bench.train_examples(&pair.train),
                bench.test_examples(&pair.test),
            )
        })
        .collect();
    let mut trials = Vec::new();
    for (train, test) in &examples {
        for standardise in [false, true] {
            for seed in 0..SEEDS {
                let mut recipe = bench.recipe.clone();
                recipe.head.standardise = standardise;
                recipe.training.seed += seed;
                trials.push(Trial {
                    recipe,
                    holdout: &holdout,
                    train,
                    test,
                });
            }
        }
    }
    let finished = run_all("preprocessing", &trials)?;
    Ok(collect(&preparations, &finished))
}

/// Trials, by preparation, standardisation and seed, as cells and differences.
fn collect(preparations: &[Preparation], finished: &[Finished]) -> Preprocessing {
    let seeds = usize::try_from(SEEDS).unwrap_or(usize::MAX);
    let twice = preparations.iter().flat_map(|one| [*one, *one]);
    let parts: Vec<_> = twice.zip(finished.chunks(seeds)).collect();
    let seed = Preparation::SEED;
    let caffe = seed.scaled(Scaling::Caffe);
    let of = |preparation: Preparation, standardised: bool| {
        let mut found = parts
            .iter()
            .filter(|(one, _)| *one == preparation)
            .skip(usize::from(standardised));
        found.next().map_or(Vec::new(), |(_, part)| hits(part))
    };
    let difference = |first, second, standardised| {
        Difference::new(&of(first, standardised), &of(second, standardised))
    };
    Preprocessing {
        scaling: difference(seed, caffe, false),
        scaling_standardised: difference(seed, caffe, true),
        size: difference(seed.enlarged(32), seed.enlarged(64), false),
        cells: parts
            .iter()
            .filter_map(|(preparation, part)| cell(*preparation, part))
            .collect(),
    }
}

fn prepared(preparation: Preparation) -> dataset::Preprocessing {
    dataset::Preprocessing {
        fit: match preparation.fit {
            Fit::Pad => dataset::ResizeMode::Pad,
            Fit::Resize => dataset::ResizeMode::Resize,
        },
        size: preparation.size,
        scaling: match preparation.scaling {
            Scaling::Unit => dataset::Scaling::Unit,
            Scaling::Caffe => dataset::Scaling::Caffe,
        },
    }
}
