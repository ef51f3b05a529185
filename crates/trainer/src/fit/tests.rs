//! Training on features that are made up, with three classes that can be told apart.

use super::state::replaces;
use super::*;
use crate::recipe::Keep;

use std::path::Path;

use burn::tensor::Device;
use graft_backbone::Boundary;
use graft_dataset::{ImageSet, Preprocessing, split};

use crate::backend::Backend;
use crate::cache::{Dtype, Features, Key, Writer};

const CLASSES: usize = 3;
const IMAGES: usize = 47;

/// Three features an image, of which the one of its class is the largest.
fn separable(index: usize) -> [f32; 3] {
    let noise = u8::try_from(index % 5).unwrap();
    let mut row = [0.1, 0.2, 0.3].map(|value: f32| value * f32::from(noise));
    row[index % CLASSES] += 3.0;
    row
}

fn labels() -> Vec<u8> {
    (0..IMAGES)
        .map(|index| u8::try_from(index % CLASSES).unwrap())
        .collect()
}

fn features(folder: &Path, row: impl Fn(usize) -> [f32; 3]) -> Features {
    let set = ImageSet::new(1, 1, vec![0; IMAGES], labels(), CLASSES).unwrap();
    let key = Key::new(
        &set,
        &[],
        Preprocessing::default(),
        Boundary::Block1,
        Dtype::F32,
        Backend::Cpu,
        "test".into(),
    );
    let path = folder.join("features");
    let mut writer = Writer::create(&path, &key, [3, 1, 1]).unwrap();
    (0..IMAGES).for_each(|index| writer.append(&row(index)).unwrap());
    writer.finish().unwrap();
    Features::open(&path, &key).unwrap()
}

fn recipe(change: impl Fn(&mut Recipe)) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.data.classes = CLASSES;
    recipe.training.batch_size = 7;
    recipe.training.learning_rate = 0.05;
    change(&mut recipe);
    recipe
}

fn examples<'a>(features: &'a Features, labels: &'a [u8], device: &'a Device) -> Examples<'a> {
    Examples {
        features,
        labels,
        classes: CLASSES,
        device,
        host: true,
    }
}

/// 38 images to learn from, 9 held out.
fn holdout() -> Holdout {
    split(&labels(), 9, 1).unwrap()
}

#[test]
fn learns_what_can_be_learned_and_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let run = |seed| {
        let mut epochs = Vec::new();
        let recipe = recipe(|recipe| recipe.training.seed = seed);
        let fitted = fit(&recipe, &examples, &holdout(), |epoch| {
            epochs.push(*epoch);
            Ok(())
        });
        (fitted.unwrap(), epochs)
    };
    let (first, epochs) = run(1);
    assert_eq!(epochs.len(), 10);
    assert!(epochs[9].train.loss < epochs[0].train.loss);
    assert!(
        first.kept.validation.unwrap().accuracy > 0.99,
        "{:?}",
        first.kept
    );
    assert_ne!(
        first.initial.to_bytes().unwrap(),
        first.head.to_bytes().unwrap()
    );
    assert_eq!(
        first.head.to_bytes().unwrap(),
        run(1).0.head.to_bytes().unwrap()
    );
    assert_ne!(
        first.head.to_bytes().unwrap(),
        run(2).0.head.to_bytes().unwrap()
    );
}

#[test]
fn the_last_batch_counts_for_what_it_holds() {
    // With a step size of nearly nothing the head stays what it was, and the epoch's loss must
    // be its loss over all training images: 38 of them, 5 batches of 7 and one of 3.
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let recipe = recipe(|recipe| {
        recipe.training.learning_rate = 1e-30;
        recipe.training.epochs = 1;
    });
    let fitted = fit(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
    assert_eq!(holdout().train.len(), 38);
    let whole = examples
        .evaluate(&fitted.initial, &holdout().train)
        .unwrap();
    assert!((fitted.kept.train.loss - whole.loss).abs() < 1e-6);
    assert!((fitted.kept.train.accuracy - whole.accuracy).abs() < 1e-12);
}

#[test]
fn statistics_are_those_of_the_training_images() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let recipe = recipe(|recipe| recipe.head.standardise = true);
    let fitted = fit(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
    let train = holdout().train;
    let rows = train.iter().map(|index| features.rows(&[*index]));
    assert_eq!(fitted.head.statistics().unwrap(), Statistics::of(rows, 3));
}

#[test]
fn a_feature_that_is_no_number_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let features = features(folder.path(), |index| match index {
        20 => [f32::NAN; 3],
        index => separable(index),
    });
    let (labels, device) = (labels(), Device::flex());
    let all = Holdout {
        train: (0..IMAGES).collect(),
        validation: Vec::new(),
    };
    let examples = examples(&features, &labels, &device);
    let stopped = fit(&recipe(|_| ()), &examples, &all, |_| panic!("recorded"));
    assert!(matches!(
        stopped,
        Err(Error::Feature { image: 20, value }) if value.is_nan()
    ));
}

#[test]
fn weights_that_the_last_step_ruined_stop_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let all = Holdout {
        train: (0..IMAGES).collect(),
        validation: Vec::new(),
    };
    let recipe = recipe(|recipe| {
        recipe.training.learning_rate = 1e300;
        recipe.training.batch_size = IMAGES;
        recipe.training.epochs = 1;
    });
    let examples = examples(&features, &labels, &device);
    let stopped = fit(&recipe, &examples, &all, |_| panic!("recorded"));
    assert!(matches!(
        stopped,
        Err(Error::Diverged {
            what: "a weight of the head",
            ..
        })
    ));
}

#[test]
fn what_is_kept() {
    let epoch = |epoch, loss| {
        let validation = Some(Scores {
            loss,
            accuracy: 0.5,
        });
        Epoch {
            epoch,
            train: Scores {
                loss,
                accuracy: 0.5,
            },
            validation,
            seconds: 0.0,
        }
    };
    assert!(replaces(&epoch(2, 0.4), &epoch(1, 0.5), Keep::Best));
    assert!(!replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Best));
    assert!(!replaces(&epoch(2, f64::NAN), &epoch(1, 0.5), Keep::Best));
    assert!(replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Last));
}

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
        let whole = fit(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
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
            let state = resumed.state(&recipe, &device, best).unwrap();
            let end = fit_from(state, &recipe, &examples, &holdout(), |_| Ok(())).unwrap();
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
fn stopped_after(stop: usize, recipe: &Recipe, examples: &Examples) -> Option<Vec<u8>> {
    let (mut steps, mut saved) = (0, None);
    let start = State::new(recipe, examples, &holdout());
    let end = fit_from(start, recipe, examples, &holdout(), |moment| {
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
    let fitted = fit(&shorter, examples, &holdout(), |_| Ok(())).ok()?;
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
    let format = b"format = 1";
    let place = saved.windows(format.len()).position(|part| part == format);
    let mut newer = saved.clone();
    newer[place.unwrap() + format.len() - 1] = b'9';
    assert!(read(&newer).contains("format 9"), "{}", read(&newer));
}
