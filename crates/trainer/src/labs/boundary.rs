//! `boundary`: a head on the features after each block of VGG16.

use graft_dataset::Split;
use graft_network::{Boundary as Cut, Network};
use graft_report::Difference;
use graft_report::lab::{Block, Boundary, Chosen, best};

use super::blocks::block_features;
use super::trial::{Trial, cell, hits, run as run_all};
use super::workbench::Workbench;
use crate::Error;

/// Adam's step sizes, of which each block takes the one that does best on the held-out images: the
/// more values an image has, the smaller must they be.
const RATES: [f64; 4] = [0.0001, 0.0003, 0.001, 0.003];
/// Images a step.
const BATCH: usize = 128;
/// Passes over the training images: fewer than the seed recipe's, for block 1 has 32 times as many
/// values as block 5.
const EPOCHS: usize = 5;

/// The boundaries that are compared.
fn cuts() -> impl Iterator<Item = Cut> {
    Network::default().boundaries()
}

pub(super) fn run(bench: &mut Workbench) -> Result<Boundary, Error> {
    let holdout = bench.holdout()?;
    let images = (bench.train.clone(), bench.test.clone());
    let train = block_features(bench, "training", &images.0, Split::Train)?;
    let test = block_features(bench, "test", &images.1, Split::Test)?;
    let bench = &*bench;
    let examples: Vec<_> = train
        .iter()
        .zip(&test)
        .map(|(train, test)| (bench.train_examples(train), bench.test_examples(test)))
        .collect();
    let mut trials = Vec::new();
    for (train, test) in &examples {
        for learning_rate in RATES {
            let mut recipe = bench.recipe.clone();
            recipe.head.standardise = true;
            recipe.training.learning_rate = learning_rate;
            recipe.training.batch_size = BATCH;
            recipe.training.epochs = EPOCHS;
            trials.push(Trial {
                recipe,
                holdout: &holdout,
                train,
                test,
            });
        }
    }
    let finished = run_all("boundary", &trials)?;
    let settings = cuts().zip(&train).flat_map(|(cut, features)| {
        let block = Block {
            block: u8::try_from(cut.number()).unwrap_or_default(),
            values: features.width(),
        };
        [block; RATES.len()]
    });
    let cells: Vec<_> = settings
        .zip(&finished)
        .filter_map(|(block, one)| cell(block, std::slice::from_ref(one)))
        .collect();
    let of_block = |cut: Cut| {
        best(&cells, |cell| {
            usize::from(cell.setting.block) == cut.number()
        })
    };
    let places: Vec<usize> = cuts().filter_map(of_block).collect();
    let one = |place: usize| hits(&finished[place..=place]);
    let last = places.last().copied().unwrap_or_default();
    let chosen = places.iter().map(|place| Chosen {
        cell: *place,
        difference: (*place != last).then(|| Difference::new(&one(last), &one(*place))),
    });
    let chosen = chosen.collect();
    let best = best(&cells, |_| true);
    let best = places.iter().position(|place| Some(*place) == best);
    Ok(Boundary {
        cells,
        chosen,
        best: best.unwrap_or_default(),
    })
}
