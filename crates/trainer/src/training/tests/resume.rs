//! Trainings that stop, are saved, and are resumed.

use super::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

/// Every stop within ten epochs of six steps is resumed through bytes, and ends in the same head and
/// the same epochs as a run that never stopped.
#[test]
fn a_resumed_run_ends_as_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    for (batch, keep) in [(7, Keep::Last), (7, Keep::Best), (38, Keep::Last)] {
        let recipe = recipe(|recipe| {
            recipe.training.batch_size = batch;
            recipe.training.keep = keep;
            recipe.head.standardise = true;
        });
        let whole = train_anew(&recipe, &data, &holdout(), |_| Ok(())).unwrap();
        for stop in [1, 2, 5, 6, 7, 30, 59, 60].map(|stop| stop * 7 / batch) {
            let saved = stopped_after(stop, &recipe, &data).unwrap();
            let state = resumed(&saved, &recipe, &data, &holdout()).unwrap();
            let end = train(state, &recipe, &data, &holdout(), |_| Ok(())).unwrap();
            assert_eq!(head(&end), head(&whole));
            assert_eq!(end.0.epoch, whole.0.epoch);
            assert_eq!(end.0.train, whole.0.train, "batch {batch}, step {stop}");
        }
    }
}

/// A GPU does not repeat its sums to the last bit: what comes after the best epoch, or comes again,
/// may be worse, and does not take its place.
#[test]
fn resumed_after_its_best_epoch_it_keeps_no_worse_one() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let good = recipe(|recipe| recipe.training.keep = Keep::Best);
    // Resumed at a rate at which everything gets worse.
    let bad = recipe(|recipe| {
        recipe.training.keep = Keep::Best;
        recipe.training.learning_rate = 1e3;
    });
    let mut saved = Vec::new();
    let start = State::new(&good, initial(&good, &data, &holdout()));
    let stop = train(start, &good, &data, &holdout(), |event| match event {
        TrainingEvent::Epoch(_, state) if state.epochs().len() == 5 => {
            saved = state.to_bytes()?;
            Err(Error::NoEpochs)
        }
        _ => Ok(()),
    });
    assert!(stop.is_err());
    let state = resumed(&saved, &bad, &data, &holdout()).unwrap();
    let (best, module) = state.kept.clone().unwrap();
    let mut later = Vec::new();
    let end = train(state, &bad, &data, &holdout(), |event| {
        if let TrainingEvent::Epoch(epoch, _) = event {
            later.push(epoch.validation.unwrap().loss);
        }
        Ok(())
    });
    let end = end.unwrap();
    assert!(
        later
            .iter()
            .all(|loss| *loss > best.validation.unwrap().loss)
    );
    assert_eq!(end.0, best);
    assert_eq!(head(&end), module.head.to_bytes().unwrap());
}

/// The state of a run that stops after so many steps, if it takes as many.
pub(in crate::training) fn stopped_after(
    stop: usize,
    recipe: &Recipe,
    data: &LabelledFeatures,
) -> Option<Vec<u8>> {
    let (mut steps, mut saved) = (0, None);
    let start = State::new(recipe, initial(recipe, data, &holdout()));
    let end = train(start, recipe, data, &holdout(), |event| {
        if let TrainingEvent::Step(state) = event {
            steps += 1;
            if steps == stop {
                saved = Some(state.to_bytes().unwrap());
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
    State::from_bytes(
        bytes,
        &initial(recipe, data, holdout),
        recipe,
        data,
        holdout,
    )
}

#[test]
fn bytes_that_are_no_checkpoint_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let (data, recipe) = (labelled(&features, &labels, &device), recipe(|_| ()));
    let saved = stopped_after(3, &recipe, &data).unwrap();
    let read = |bytes: &[u8]| resumed(bytes, &recipe, &data, &holdout()).err().unwrap();
    assert!(read(b"").contains("expected a checkpoint"));
    assert!(read(&saved[..saved.len() - 1]).contains("expected a checkpoint"));
    let format = b"format = 3";
    let place = saved.windows(format.len()).position(|part| part == format);
    let mut newer = saved.clone();
    newer[place.unwrap() + format.len() - 1] = b'9';
    assert!(read(&newer).contains("format 9"), "{}", read(&newer));
}

/// `saved`, with one of its parts changed.
fn altered(saved: &[u8], name: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(saved).unwrap();
    let file = SafeTensors::deserialize(saved).unwrap();
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, view)| (name, view.dtype(), view.data().to_vec()))
        .collect();
    let part = tensors.iter_mut().find(|(other, ..)| *other == name);
    change(&mut part.unwrap().2);
    let views = tensors.iter().map(|(name, dtype, data)| {
        let length = data.len() * 8 / dtype.bitsize();
        (*name, TensorView::new(*dtype, vec![length], data).unwrap())
    });
    safetensors::serialize(views, header.metadata().clone()).unwrap()
}

type Change = fn(&mut Recipe);

#[test]
fn a_checkpoint_that_does_not_fit_its_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    // After the last step of the second epoch, which is smaller than the others: 38 images seen.
    let saved = stopped_after(12, &recipe(|_| ()), &data).unwrap();
    let all = Holdout {
        train: (0..IMAGES).collect(),
        validation: Vec::new(),
    };
    let state = |bytes: &[u8], recipe: &Recipe, holdout: &Holdout| {
        resumed(bytes, recipe, &data, holdout).map(|_| String::new())
    };
    state(&saved, &recipe(|_| ()), &holdout()).unwrap();
    let changes: [(Change, &str); 5] = [
        (
            |recipe| recipe.training.batch_size = 8,
            "5 steps, found 1 and 6",
        ),
        (|recipe| recipe.training.batch_size = 6, "momentum.time"),
        (|recipe| recipe.training.epochs = 0, "at most 0 epochs"),
        (|recipe| recipe.data.classes = 4, "shape mismatch"),
        (|recipe| recipe.head.standardise = true, "standardise"),
    ];
    for (change, expected) in changes {
        let error = state(&saved, &recipe(change), &holdout()).unwrap_err();
        assert!(
            error.contains("expected") && error.contains(expected),
            "{expected}: {error}"
        );
    }
    let error = state(&saved, &recipe(|_| ()), &all).unwrap_err();
    assert!(error.contains("momentum.time"), "{error}");

    let refused = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        state(&altered(&saved, name, change), &recipe(|_| ()), &holdout()).unwrap_err()
    };
    for name in ["module", "optimiser", "kept"] {
        let error = refused(name, &|part| part.truncate(part.len() - 4));
        assert!(error.contains("expected a record"), "{name}: {error}");
        // The last tensor of a record ends with it.
        let error = refused(name, &|part| {
            let end = part.len() - 4;
            part[end..].copy_from_slice(&f32::NAN.to_le_bytes());
        });
        assert!(error.contains("found NaN in "), "{name}: {error}");
    }
    let error = refused("logits", &|part| part.truncate(part.len() - 4));
    assert!(error.contains("114 values in logits, found 113"), "{error}");
    let error = refused("logits", &|part| {
        part[..4].copy_from_slice(&f32::NAN.to_le_bytes())
    });
    assert!(error.contains("found NaN in logits"), "{error}");
    // The optimiser of another module.
    let other = stopped_after(12, &recipe(|_| ()), &data).unwrap();
    let other = SafeTensors::deserialize(&other).unwrap();
    let other = other.tensor("optimiser").unwrap().data().to_vec();
    let error = refused("optimiser", &|part| part.clone_from(&other));
    assert!(error.contains("momentum"), "{error}");
}
