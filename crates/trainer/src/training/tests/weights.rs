//! What is kept besides the last weights: their average, and the weights where training stops early.

use super::*;
use graft_recipe::Training;

fn epochs(losses: &[f64]) -> Vec<Epoch> {
    let scores = |loss| Scores {
        loss,
        accuracy: 0.5,
    };
    let epoch = |(at, loss): (usize, &f64)| Epoch {
        epoch: at + 1,
        train: scores(*loss),
        validation: Some(scores(*loss)),
        steps: None,
        learning_rate: None,
        seconds: 0.0,
        gradient_norms: BTreeMap::new(),
    };
    losses.iter().enumerate().map(epoch).collect()
}

#[test]
fn training_ends_after_its_epochs_or_when_patience_does() {
    for (losses, patience, warmup_epochs, expected) in [
        (&[0.5, 0.6, 0.7][..], 0, 0, false),
        (&[0.5; 10], 0, 0, true),
        (&[], 2, 0, false),
        (&[0.5, 0.6], 2, 0, false),
        (&[0.5, 0.6, 0.5], 2, 0, true),
        (&[0.5, 0.6, 0.4], 2, 0, false),
        // Epochs of the head alone do not count.
        (&[0.1, 0.1, 0.6, 0.7], 2, 2, false),
        (&[0.1, 0.1, 0.6, 0.7, 0.8], 2, 2, true),
    ] {
        let training = Training {
            patience,
            warmup_epochs,
            ..Recipe::default().training
        };
        let found = is_over(&epochs(losses), &training);
        assert_eq!(found, expected, "{losses:?} {patience} {warmup_epochs}");
    }
}

#[test]
fn a_run_stops_early_and_keeps_its_best_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| {
        // Too large a rate: the loss falls, and rises again.
        recipe.training.learning_rate = 3.0;
        recipe.training.keep = Keep::Best;
        recipe.training.patience = 2;
        recipe.training.epochs = 1000;
    });
    let mut losses = Vec::new();
    let (kept, _) = train_anew(&recipe, &data, &holdout(), |epoch| {
        losses.push(epoch.validation.unwrap().loss);
        Ok(())
    })
    .unwrap();
    assert!(losses.len() < 1000, "{losses:?}");
    assert_eq!(losses.len(), kept.epoch + 2, "{losses:?}");
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(kept.validation.unwrap().loss.to_bits(), best.to_bits());
}

/// The average is kept and evaluated, and the weights that learn are others.
#[test]
fn the_average_of_weights_is_the_definition_s() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| {
        recipe.training.ema = 0.8;
        recipe.training.epochs = 2;
        recipe.head.normalise = Normalise::Standardise;
    });
    let start = initial(&recipe, &data, &holdout());
    let weights = |module: &Trainable| {
        let weights = last_weight(&module.head);
        weights.into_iter().map(f64::from).collect::<Vec<_>>()
    };
    let statistics = start.head.normalisation().unwrap();
    let (mut average, mut step, mut now) = (weights(&start), 0.0, Vec::new());
    let state = State::new(&recipe, start).unwrap();
    let (epoch, kept) = train(state, &recipe, &data, &holdout(), |event| {
        if let TrainingEvent::Step(state) = event {
            step += 1.0;
            now = weights(&state.module);
            let share = 1.0 - f64::min(0.8, (1.0 + step) / (10.0 + step));
            for (average, now) in average.iter_mut().zip(&now) {
                *average += (now - *average) * share;
            }
        }
        Ok(())
    })
    .unwrap();
    let found = weights(&kept);
    let off = |other: &[f64]| {
        let pairs = found.iter().zip(other);
        pairs.fold(0.0, |most, (a, b)| f64::max(most, (a - b).abs()))
    };
    assert!(off(&average) < 1e-6, "{found:?} {average:?}");
    assert!(off(&now) > 1e-3, "{found:?} {now:?}");
    assert_eq!(kept.head.normalisation().unwrap(), statistics);
    let evaluated = kept.evaluate(&data, &holdout().validation).unwrap();
    assert_eq!(Scores::from(&evaluated), epoch.validation.unwrap());
}
