//! Labs: small experiments on frozen features, each answering one question about the recipe with
//! numbers. What they found is put on record by [`graft_report::lab`].
//!
//! Labs open the test images, to measure; a recipe is never chosen by them.

mod blocks;
mod boundary;
mod halves;
mod learning_rate;
mod preprocessing;
mod small_data;
mod trial;
mod untrained;
mod validation;
mod workbench;

use std::env;
use std::time::Instant;

use graft_dataset::ImageSet;
use graft_durable::sha256;
use graft_report::lab::{Lab, Outcome};
use graft_report::record::Data;
use jiff::Timestamp;

use crate::Error;
use crate::machine;
use graft_environment::interrupt;
use graft_features::hash_images;

pub use workbench::Workbench;

/// How many training images a cell learns from that needs a backbone pass of its own, so that a lab
/// takes minutes.
const OWN_PASS: usize = 10_000;

/// Which lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// Frozen features, those of an untrained network and raw pixels, from 1 to 500 images a class
    SmallData,
    /// Pixels scaled to 0..1 or as Caffe did, at 32, 48 and 64 pixels
    Preprocessing,
    /// Features after each of VGG16's five blocks
    Boundary,
    /// Learning rate by batch size
    LearningRate,
    /// What choosing a recipe on the test set would have claimed
    Validation,
}

impl Which {
    /// All of them, in the order in which the report has them.
    pub const ALL: [Self; 5] = [
        Self::SmallData,
        Self::Preprocessing,
        Self::Boundary,
        Self::LearningRate,
        Self::Validation,
    ];
}

/// Runs a lab. Nothing is written but features into the cache.
///
/// # Errors
/// When something is missing that cannot be fetched, an input is wrong, the device fails, or
/// training diverges.
pub fn run(which: Which, bench: &mut Workbench) -> Result<Lab, Error> {
    let (started, clock) = (Timestamp::now(), Instant::now());
    interrupt::watch()?;
    interrupt::go_on()?;
    bench.passes.clear();
    let outcome = match which {
        Which::SmallData => Outcome::SmallData(small_data::run(bench)?),
        Which::Preprocessing => Outcome::Preprocessing(preprocessing::run(bench)?),
        Which::Boundary => Outcome::Boundary(boundary::run(bench)?),
        Which::LearningRate => Outcome::LearningRate(learning_rate::run(bench)?),
        Which::Validation => Outcome::Validation(validation::run(bench)?),
    };
    let passes = std::mem::take(&mut bench.passes);
    Ok(Lab {
        graft: env!("CARGO_PKG_VERSION").into(),
        commit: machine::commit(),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        overrides: bench.overrides.clone(),
        started,
        ended: Timestamp::now(),
        seconds: clock.elapsed().as_secs_f64(),
        feature_seconds: passes.iter().map(|pass| pass.seconds).sum(),
        machine: machine::machine(bench.compute, bench.recipe.backbone.precision),
        train: data(&bench.recipe.data.source, &bench.train),
        train_images: bench.train.len(),
        test: data(&bench.recipe.data.source, &bench.test),
        test_images: bench.test.len(),
        origin: crate::sources::origin(&bench.loaded),
        passes,
        outcome,
    })
}

fn data(source: &str, images: &ImageSet) -> Data {
    Data {
        source: source.to_owned(),
        images: hash_images(images),
        labels: sha256(images.labels()),
        rows: images.rows(),
        columns: images.columns(),
        classes: images.classes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn the_command_line_and_the_record_name_the_same_labs() {
        let names = Which::ALL.map(|lab| lab.to_possible_value().unwrap().get_name().to_owned());
        assert_eq!(names, graft_report::lab::NAMES);
    }
}
