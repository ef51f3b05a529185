//! The inputs of a target, by number: files that were findings once, the valid files, mutations.

use std::fs;
use std::path::PathBuf;

use fastrand::Rng;

use crate::mutation::{Material, mutate};
use crate::target::Target;

/// The variable that says how many times as many mutations are to be run.
const TIMES_VARIABLE: &str = "GRAFT_FUZZ_TIMES";
/// The variable with another seed than 1.
const SEED_VARIABLE: &str = "GRAFT_FUZZ_SEED";

/// Where an input comes from.
pub(crate) enum Origin {
    Regression(PathBuf),
    Corpus(usize),
    Mutation(u64),
}

/// The inputs of one run.
pub(crate) struct Inputs<'a> {
    target: &'a Target<'a>,
    regressions: Vec<PathBuf>,
    pub(crate) seed: u64,
    mutations: u64,
}

impl<'a> Inputs<'a> {
    pub(crate) fn of(target: &'a Target<'a>) -> Self {
        let mut regressions: Vec<PathBuf> = fs::read_dir(target.regressions())
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        regressions.sort();
        Self {
            target,
            regressions,
            seed: number(SEED_VARIABLE).unwrap_or(1),
            mutations: target.mutations * number(TIMES_VARIABLE).unwrap_or(1),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        (self.regressions.len() + self.target.corpus.len()) as u64 + self.mutations
    }

    /// Input `number`, and where it comes from.
    pub(crate) fn get(&self, number: u64) -> (Origin, Vec<u8>) {
        let files = self.regressions.len() as u64;
        let corpus = self.target.corpus;
        let valid = usize::try_from(number.saturating_sub(files)).unwrap_or(usize::MAX);
        if number < files {
            let path = &self.regressions[usize::try_from(number).unwrap()];
            (Origin::Regression(path.clone()), fs::read(path).unwrap())
        } else if valid < corpus.len() {
            (Origin::Corpus(valid), corpus[valid].clone())
        } else {
            let mut rng = Rng::with_seed(self.seed.wrapping_mul(1 << 40) ^ number);
            let mut bytes = rng.choice(corpus).cloned().unwrap_or_default();
            let material = Material {
                others: corpus,
                words: self.target.words,
                numbers: self.target.numbers,
            };
            match self.target.own {
                Some(own) if rng.u8(0..3) > 0 => own(&mut bytes, &mut rng, material),
                _ => mutate(&mut bytes, &mut rng, material),
            }
            (Origin::Mutation(number), bytes)
        }
    }
}

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    assert!(
        number.is_ok(),
        "{variable}: expected a whole number, found {text:?}"
    );
    number.ok()
}
