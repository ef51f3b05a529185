//! Trainings that stop, are saved, and go on.

use super::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

/// Every stop within ten epochs of six steps is gone on from through a file, and ends in the same head
/// and the same epochs as a run that never stopped.
#[test]
fn a_resumed_run_ends_as_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    for (batch, keep) in [(7, Keep::Last), (7, Keep::Best), (38, Keep::Last)] {
        let recipe = recipe(|recipe| {
            recipe.training.batch_size = batch;
            recipe.training.keep = keep;
            recipe.head.standardise = true;
        });
        let whole = fit_anew(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
        for stop in [1, 2, 5, 6, 7, 30, 59, 60].map(|stop| stop * 7 / batch) {
            let Some(saved) = stopped_after(stop.max(1), &recipe, &examples) else {
                continue;
            };
            let resumed = Resumed::read(&saved).unwrap();
            let best = match keep {
                Keep::Last => None,
                // The best epoch so far is kept in a file of its own; here it is trained again.
                Keep::Best => best_of(resumed.epochs(), &recipe, &examples),
            };
            let state = resumed.state(&recipe, &examples, &holdout(), best).unwrap();
            let end = fit(state, &recipe, &examples, &holdout(), |_| Ok(())).unwrap();
            assert_eq!(end.head.to_bytes().unwrap(), whole.head.to_bytes().unwrap());
            assert_eq!(
                end.initial.to_bytes().unwrap(),
                whole.initial.to_bytes().unwrap()
            );
            assert_eq!(end.kept.epoch, whole.kept.epoch);
            assert_eq!(
                end.kept.train, whole.kept.train,
                "batch {batch}, step {stop}"
            );
        }
    }
}

/// The file of a run that stops after so many steps, if it takes as many.
pub(in crate::fit) fn stopped_after(
    stop: usize,
    recipe: &Recipe,
    examples: &Examples,
) -> Option<Vec<u8>> {
    let (mut steps, mut saved) = (0, None);
    let start = State::new(recipe, examples, &holdout());
    let end = fit(start, recipe, examples, &holdout(), |moment| {
        if let Moment::Step(state) = moment {
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

/// The epoch that is kept after `epochs`, and its head.
fn best_of(epochs: &[Epoch], recipe: &Recipe, examples: &Examples) -> Option<Kept> {
    let mut shorter = recipe.clone();
    shorter.training.epochs = epochs.len();
    let fitted = fit_anew(&shorter, examples, &holdout(), |_| Ok(())).ok()?;
    Some((fitted.kept, fitted.head))
}

#[test]
fn a_file_that_is_no_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let saved = stopped_after(3, &recipe(|_| ()), &examples).unwrap();
    let read = |bytes: &[u8]| Resumed::read(bytes).err().unwrap();
    assert!(read(b"").contains("expected a checkpoint"));
    assert!(read(&saved[..saved.len() - 1]).contains("expected a checkpoint"));
    let format = b"format = 2";
    let place = saved.windows(format.len()).position(|part| part == format);
    let mut newer = saved.clone();
    newer[place.unwrap() + format.len() - 1] = b'9';
    assert!(read(&newer).contains("format 9"), "{}", read(&newer));
}

/// `saved`, with a row of numbers changed.
fn altered(saved: &[u8], name: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(saved).unwrap();
    let file = SafeTensors::deserialize(saved).unwrap();
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, view)| (name, view.dtype(), view.data().to_vec()))
        .collect();
    let row = tensors.iter_mut().find(|(other, ..)| *other == name);
    change(&mut row.unwrap().2);
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
    let examples = examples(&features, &labels, &device);
    // After the last step of the second epoch, which is smaller than the others: 38 images seen.
    let saved = stopped_after(12, &recipe(|_| ()), &examples).unwrap();
    let all = Holdout {
        train: (0..IMAGES).collect(),
        validation: Vec::new(),
    };
    let state = |bytes: &[u8], recipe: &Recipe, holdout: &Holdout| {
        let state = Resumed::read(bytes)?.state(recipe, &examples, holdout, None);
        state.map(|_| String::new())
    };
    state(&saved, &recipe(|_| ()), &holdout()).unwrap();
    let changes: [(Change, &str); 5] = [
        (
            |recipe| recipe.training.batch_size = 8,
            "steps 1 to 5, found 1 and 6",
        ),
        (
            |recipe| recipe.training.batch_size = 6,
            "108 values in logits, found 114",
        ),
        (|recipe| recipe.training.epochs = 0, "at most 0 epochs"),
        (
            |recipe| recipe.data.classes = 4,
            "4 classes of the head, found 3",
        ),
        (|recipe| recipe.head.standardise = true, "statistics"),
    ];
    for (change, expected) in changes {
        let error = state(&saved, &recipe(change), &holdout()).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let error = state(&saved, &recipe(|_| ()), &all).unwrap_err();
    assert!(error.contains("126 values in logits, found 114"), "{error}");
    let resumed = Resumed::read(&saved).unwrap();
    let error = resumed.head(&recipe(|_| ()), 5, &device).unwrap_err();
    assert!(error.contains("5 features of the head, found 3"), "{error}");

    for (name, values) in [
        ("adam.weight.moment_1", 9),
        ("adam.weight.moment_2", 9),
        ("adam.bias.moment_1", 3),
        ("adam.bias.moment_2", 3),
        ("logits", 114),
    ] {
        let refused = |change: fn(&mut Vec<u8>)| {
            state(&altered(&saved, name, change), &recipe(|_| ()), &holdout()).unwrap_err()
        };
        let error = refused(|row| row.truncate(row.len() - 4));
        let expected = format!("{values} values in {name}, found {}", values - 1);
        assert!(error.contains(&expected), "{error}");
        let error = refused(|row| row[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
        assert!(error.contains(&format!("found NaN in {name}")), "{error}");
    }
}
