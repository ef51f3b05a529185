//! Trainings that stop, are saved, and are resumed.

use super::fine_tuning::weights;
use super::pytorch::{RATE, images, module};
use super::*;
use graft_recipe::Schedule;

/// Every stop within ten epochs of six steps is resumed through bytes, and ends in the same head and
/// the same epochs as a run that never stopped.
#[test]
fn a_resumed_run_ends_as_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let held = holdout().train;
    let views = [1.0, 2.0].map(|by| view(&held, by));
    let data = LabelledFeatures {
        views: ViewSource::Cached {
            indices: &held,
            features: &views.each_ref(),
        },
        ..labelled(&features, &labels, &device)
    };
    let plain: fn(&mut Recipe) = |_| ();
    let scheduled: fn(&mut Recipe) = |recipe| {
        let training = &mut recipe.training;
        (training.schedule, training.warmup) = (Schedule::OneCycle, 0.3);
        (training.ema, training.weight_decay) = (0.9, 0.1);
        (training.label_smoothing, training.patience) = (0.1, 2);
        (training.dropout, recipe.head.hidden) = (0.1, vec![8]);
    };
    for (batch, keep, change) in [
        (7, Keep::Last, plain),
        (7, Keep::Best, plain),
        (38, Keep::Last, plain),
        (7, Keep::Last, scheduled),
        (7, Keep::Best, scheduled),
    ] {
        let recipe = recipe(|recipe| {
            recipe.training.batch_size = batch;
            recipe.training.keep = keep;
            change(recipe);
            recipe.head.normalise = Normalise::Standardise;
        });
        let whole = train_anew(&recipe, &data, &holdout(), |_| Ok(())).unwrap();
        for stop in [1, 2, 5, 6, 7, 30, 59, 60].map(|stop| stop * 7 / batch) {
            let Some(saved) = stopped_after(stop.max(1), &recipe, &data) else {
                continue;
            };
            let state = resumed(&saved, &recipe, &data, &holdout()).unwrap();
            let end = train(state, &recipe, &data, &holdout(), |_| Ok(())).unwrap();
            assert_eq!(head(&end), head(&whole));
            assert_eq!(end.0.epoch, whole.0.epoch);
            assert_eq!(end.0.train, whole.0.train, "batch {batch}, step {stop}");
        }
    }
}

/// The features of the images at `indices`, each value moved by so much.
fn view(indices: &[usize], by: f32) -> Features {
    let rows = indices.iter().flat_map(|index| separable(*index));
    Features::held(&rows.map(|value| value + by).collect::<Vec<_>>(), 3)
}

/// The first epoch sees the images themselves and the next ones their views, each image its own, and then
/// it begins anew.
#[test]
fn epochs_see_the_views_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let held = holdout().train;
    let views = [1.0, 2.0].map(|by| view(&held, by));
    let data = LabelledFeatures {
        views: ViewSource::Cached {
            indices: &held,
            features: &views.each_ref(),
        },
        ..labelled(&features, &labels, &device)
    };
    let batch = [held[20], held[3]];
    for (epoch, by) in [(1, 0.0), (2, 1.0), (3, 2.0), (4, 0.0), (5, 1.0)] {
        let expected = view(&batch, by).rows(&[0, 1]).unwrap();
        assert_eq!(
            data.of_epoch(epoch, &batch).unwrap(),
            expected,
            "epoch {epoch}"
        );
    }
}

/// A GPU does not repeat its sums to the last bit: what comes after the best epoch, or comes again,
/// may be worse, and does not take its place.
#[test]
fn resumed_after_its_best_epoch_it_keeps_no_worse_one() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let best = recipe(|recipe| recipe.training.keep = Keep::Best);
    // Resumed with other labels, so that everything gets worse.
    let wrong: Vec<u8> = labels.iter().map(|label| (label + 1) % 3).collect();
    let wrong = labelled(&features, &wrong, &device);
    let mut saved = Vec::new();
    let start = State::new(&best, initial(&best, &data, &holdout())).unwrap();
    let stop = train(start, &best, &data, &holdout(), |event| match event {
        TrainingEvent::Epoch(_, state) if state.epochs().len() == 5 => {
            saved = state.to_bytes(data.backend)?;
            Err(Error::NoEpochs)
        }
        _ => Ok(()),
    });
    assert!(stop.is_err());
    let state = resumed(&saved, &best, &data, &holdout()).unwrap();
    let (kept, module) = state.kept.clone().unwrap();
    let mut later = Vec::new();
    let end = train(state, &best, &wrong, &holdout(), |event| {
        if let TrainingEvent::Epoch(epoch, _) = event {
            later.push(epoch.validation.unwrap().loss);
        }
        Ok(())
    });
    let end = end.unwrap();
    assert!(
        later
            .iter()
            .all(|loss| *loss > kept.validation.unwrap().loss)
    );
    assert_eq!(end.0, kept);
    assert_eq!(head(&end), module.head.to_bytes().unwrap());
}

/// Stages that begin to learn after the head, at rates of their own, go on as if nothing had happened.
#[test]
fn stages_that_begin_late_are_resumed() {
    let ((features, labels), device) = (images(), Device::flex());
    let all = Holdout {
        train: (0..labels.len()).collect(),
        validation: Vec::new(),
    };
    let recipe = recipe(|recipe| {
        let training = &mut recipe.training;
        (training.epochs, training.batch_size) = (3, labels.len().div_ceil(2));
        (training.warmup_epochs, training.stage_factor) = (1, 0.5);
        training.learning_rate = RATE;
    });
    for engine in [Engine::Burn, Engine::Winograd] {
        let data = LabelledFeatures {
            engine,
            ..labelled(&features, &labels, &device)
        };
        let start = module(engine, &device.clone().autodiff());
        let mut saved = Vec::new();
        let state = State::new(&recipe, start.clone()).unwrap();
        let whole = train(state, &recipe, &data, &all, |event| {
            if let TrainingEvent::Step(state) = event {
                saved.push(state.to_bytes(data.backend)?);
            }
            Ok(())
        });
        let whole = weights(&whole.unwrap().1);
        assert!(whole[0] != weights(&start.valid())[0], "{engine}");
        assert_eq!(saved.len(), 6);
        for (step, saved) in saved.iter().enumerate() {
            let state = State::from_bytes(saved, &start, &recipe, &data).unwrap();
            let end = train(state, &recipe, &data, &all, |_| Ok(())).unwrap();
            assert!(weights(&end.1) == whole, "{engine}, step {step}");
        }
    }
}

/// The state of a run that stops after so many steps, if it takes as many.
pub(in crate::training) fn stopped_after(
    stop: usize,
    recipe: &Recipe,
    data: &LabelledFeatures,
) -> Option<Vec<u8>> {
    let (mut steps, mut saved) = (0, None);
    let start = State::new(recipe, initial(recipe, data, &holdout())).unwrap();
    let end = train(start, recipe, data, &holdout(), |event| {
        if let TrainingEvent::Step(state) = event {
            steps += 1;
            if steps == stop {
                saved = Some(state.to_bytes(data.backend).unwrap());
                return Err(Error::NoEpochs);
            }
        }
        Ok(())
    });
    assert_eq!(end.is_err(), saved.is_some());
    saved
}

fn resumed(
    bytes: &[u8],
    recipe: &Recipe,
    data: &LabelledFeatures,
    holdout: &Holdout,
) -> Result<State, String> {
    State::from_bytes(bytes, &initial(recipe, data, holdout), recipe, data)
}

#[test]
fn what_is_no_state_of_the_module_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let (data, seed) = (labelled(&features, &labels, &device), recipe(|_| ()));
    let saved = stopped_after(12, &seed, &data).unwrap();
    let refused =
        |bytes: &[u8], recipe: &Recipe| resumed(bytes, recipe, &data, &holdout()).err().unwrap();
    for bytes in [&b""[..], b"half", &saved[..saved.len() - 1]] {
        assert!(!refused(bytes, &seed).is_empty());
    }
    let four = LabelledFeatures { classes: 4, ..data };
    let error = resumed(&saved, &seed, &four, &holdout()).err().unwrap();
    assert!(error.contains("shape mismatch"), "{error}");
    let standardised = recipe(|recipe| recipe.head.normalise = Normalise::Standardise);
    let error = refused(&saved, &standardised);
    assert!(error.contains("standardise"), "{error}");
}
