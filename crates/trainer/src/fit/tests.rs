//! Training on features that are made up, with three classes that can be told apart.

mod finite;
pub(super) mod resume;

use super::state::replaces;
use super::*;
use graft_recipe::Keep;

use std::path::Path;

use burn::tensor::Device;
use graft_dataset::{ImageSet, Preprocessing, split};
use graft_network::Boundary;

use graft_compute::Backend;
use graft_features::{Features, Key, Writer};
use graft_recipe::Dtype;

const CLASSES: usize = 3;
const IMAGES: usize = 47;

/// Three features an image, of which the one of its class is the largest.
pub(super) fn separable(index: usize) -> [f32; 3] {
    let noise = u8::try_from(index % 5).unwrap();
    let mut row = [0.1, 0.2, 0.3].map(|value: f32| value * f32::from(noise));
    row[index % CLASSES] += 3.0;
    row
}

pub(super) fn labels() -> Vec<u8> {
    (0..IMAGES)
        .map(|index| u8::try_from(index % CLASSES).unwrap())
        .collect()
}

pub(super) fn features(folder: &Path, row: impl Fn(usize) -> [f32; 3]) -> Features {
    let set = ImageSet::new(1, 1, vec![0; IMAGES], labels(), CLASSES).unwrap();
    let key = Key::new(
        &set,
        &[],
        Preprocessing::default(),
        Boundary::after(1),
        Dtype::F32,
        Backend::Cpu,
        "test".into(),
    );
    let path = folder.join("features");
    let mut writer = Writer::open(&path, &key, [3, 1, 1]).unwrap();
    (0..IMAGES).for_each(|index| writer.append(&row(index)).unwrap());
    writer.finish().unwrap()
}

pub(super) fn recipe(change: impl Fn(&mut Recipe)) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.data.classes = CLASSES;
    recipe.training.batch_size = 7;
    recipe.training.learning_rate = 0.05;
    change(&mut recipe);
    recipe
}

pub(super) fn examples<'a>(
    features: &'a Features,
    labels: &'a [u8],
    device: &'a Device,
) -> Examples<'a> {
    Examples {
        features,
        labels,
        classes: CLASSES,
        device,
        host: true,
    }
}

/// 38 images to learn from, 9 held out.
pub(super) fn holdout() -> Holdout {
    split(&labels(), 9, 1).unwrap()
}

/// A training from its start, which tells of every epoch.
fn fit_anew(
    recipe: &Recipe,
    examples: &Examples,
    holdout: &Holdout,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Fitted, Error> {
    let start = State::new(recipe, examples, holdout);
    fit(start, recipe, examples, holdout, |moment| match moment {
        Moment::Epoch(epoch, _) => on_epoch(epoch),
        Moment::Step(_) => Ok(()),
    })
}

#[test]
fn learns_what_can_be_learned_and_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let run = |seed| {
        let mut epochs = Vec::new();
        let recipe = recipe(|recipe| recipe.training.seed = seed);
        let fitted = fit_anew(&recipe, &examples, &holdout(), |epoch| {
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
    let fitted = fit_anew(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
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
    let fitted = fit_anew(&recipe, &examples, &holdout(), |_| Ok(())).unwrap();
    let train = holdout().train;
    let rows = train.iter().map(|index| features.rows(&[*index]));
    assert_eq!(fitted.head.statistics().unwrap(), Statistics::of(rows, 3));
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
    for (losses, expected) in [
        (&[][..], None),
        (&[0.5], Some(1)),
        (&[0.5, 0.3, 0.4], Some(2)),
        // The first of equals, as in training.
        (&[0.3, 0.3], Some(1)),
        (&[0.5, f64::NAN], Some(1)),
    ] {
        let numbered = losses.iter().enumerate();
        let epochs: Vec<_> = numbered.map(|(n, loss)| epoch(n + 1, *loss)).collect();
        assert_eq!(
            best(&epochs).map(|epoch| epoch.epoch),
            expected,
            "{losses:?}"
        );
    }
}
