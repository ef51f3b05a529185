//! The learning rate finder.

use super::*;
use crate::training::{Suggestion, Trial, find_rate, suggestion};

fn trials(values: impl Fn(usize) -> [f32; 3], labels: &[u8]) -> Vec<Trial> {
    let folder = tempfile::tempdir().unwrap();
    let (features, device) = (features(folder.path(), values), Device::flex());
    let data = labelled(&features, labels, &device);
    let recipe = recipe(|_| ());
    let holdout = holdout();
    find_rate(
        &recipe,
        &data,
        initial(&recipe, &data, &holdout),
        &holdout.train,
    )
    .unwrap()
}

/// Tiny rates change nothing, larger ones teach, and the suggestion is a rate that does.
#[test]
fn what_can_be_learned_has_a_rate() {
    let trials = trials(separable, &labels());
    let rates = trials
        .windows(2)
        .map(|pair| pair[1].learning_rate / pair[0].learning_rate);
    assert!(
        rates
            .clone()
            .all(|step| (step - 1e6_f64.powf(1.0 / 199.0)).abs() < 1e-9)
    );
    assert_eq!(trials[0].learning_rate.to_bits(), 1e-6_f64.to_bits());
    let flat = trials.iter().take_while(|trial| trial.learning_rate < 1e-4);
    let first = trials[0].loss;
    assert!(flat.clone().count() > 50);
    assert!(
        flat.clone()
            .all(|trial| (trial.smoothed / first - 1.0).abs() < 0.3)
    );
    let found = suggestion(&trials).unwrap();
    let lowest = trials
        .iter()
        .map(|trial| trial.smoothed)
        .fold(f64::MAX, f64::min);
    assert!(lowest < 0.7 * first, "{lowest} {first}");
    assert!((found.lowest / found.learning_rate - 10.0).abs() < 1e-9);
    assert!((1e-3..=0.1).contains(&found.learning_rate), "{found:?}");
}

#[test]
fn the_suggestion_is_a_tenth_of_the_lowest_point() {
    let trial = |learning_rate, smoothed| Trial {
        learning_rate,
        loss: 1.0,
        smoothed,
    };
    let falls = [trial(0.001, 2.0), trial(0.01, 1.0), trial(0.1, 3.0)];
    let found = suggestion(&falls).unwrap();
    assert_eq!(
        found,
        Suggestion {
            lowest: 0.01,
            learning_rate: 0.001
        }
    );
    assert_eq!(suggestion(&[trial(0.001, 1.0), trial(0.01, 2.0)]), None);
    assert_eq!(suggestion(&[]), None);
}
