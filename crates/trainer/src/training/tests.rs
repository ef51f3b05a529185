//! Training on features that are made up, with three classes that can be told apart.

mod find_rate;
mod fine_tuning;
mod finite;
mod pytorch;
pub(super) mod resume;
mod weights;

use super::state::replaces;
use super::*;
use graft_recipe::{Keep, Normalise, Pool};
use graft_report::record::Prediction;

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use graft_dataset::{ImageSet, Preprocessing, split};
use graft_head::{Head, HeadConfig, Normalisation, Statistics};
use graft_network::Boundary;

use crate::examples::ViewSource;
use graft_compute::{Backend, Engine};
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

/// The weights of a head's last layer.
pub(super) fn last_weight(head: &Head) -> Vec<f32> {
    head.layers().unwrap().pop().unwrap().weight
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

pub(super) fn labelled<'a>(
    features: &'a Features,
    labels: &'a [u8],
    device: &'a Device,
) -> LabelledFeatures<'a> {
    LabelledFeatures {
        features,
        views: ViewSource::default(),
        labels,
        classes: CLASSES,
        device,
        backend: Backend::Cpu,
        engine: Engine::Winograd,
    }
}

/// 38 images to learn from, 9 held out.
pub(super) fn holdout() -> Holdout {
    split(&labels(), 9, 1).unwrap()
}

/// Before the first step.
pub(super) fn initial(recipe: &Recipe, data: &LabelledFeatures, holdout: &Holdout) -> Trainable {
    Trainable::new(recipe, data, &holdout.train, Path::new("")).unwrap()
}

/// A training from its start, which tells of every epoch.
fn train_anew(
    recipe: &Recipe,
    data: &LabelledFeatures,
    holdout: &Holdout,
    mut on_epoch: impl FnMut(&Epoch) -> Result<(), Error>,
) -> Result<Kept, Error> {
    let start = State::new(recipe, initial(recipe, data, holdout)).unwrap();
    train(start, recipe, data, holdout, |event| match event {
        TrainingEvent::Epoch(epoch, _) => on_epoch(epoch),
        TrainingEvent::Step(_) => Ok(()),
    })
}

pub(super) fn head((_, module): &Kept) -> Vec<u8> {
    module.head.to_bytes().unwrap()
}

#[test]
fn learns_what_can_be_learned_and_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let run = |seed| {
        let mut epochs = Vec::new();
        let recipe = recipe(|recipe| recipe.training.seed = seed);
        let kept = train_anew(&recipe, &data, &holdout(), |epoch| {
            epochs.push(epoch.clone());
            Ok(())
        });
        (kept.unwrap(), epochs)
    };
    let (first, epochs) = run(1);
    assert_eq!(epochs.len(), 10);
    assert!(epochs[9].train.loss < epochs[0].train.loss);
    assert!(first.0.validation.unwrap().accuracy > 0.99, "{:?}", first.0);
    let before = initial(
        &recipe(|recipe| recipe.training.seed = 1),
        &data,
        &holdout(),
    );
    assert_ne!(before.head.to_bytes().unwrap(), head(&first));
    assert_eq!(head(&first), head(&run(1).0));
    assert_ne!(head(&first), head(&run(2).0));
}

#[test]
fn the_last_batch_counts_for_what_it_holds() {
    // With a learning rate of nearly nothing the head stays what it was, and the epoch's loss must
    // be its loss over all training images: 38 of them, 5 batches of 7 and one of 3.
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| {
        recipe.training.learning_rate = 1e-30;
        recipe.training.epochs = 1;
    });
    let (kept, _) = train_anew(&recipe, &data, &holdout(), |_| Ok(())).unwrap();
    assert_eq!(holdout().train.len(), 38);
    let before = initial(&recipe, &data, &holdout()).valid();
    let whole = before.evaluate(&data, &holdout().train).unwrap();
    assert!((kept.train.loss - whole.loss).abs() < 1e-6);
    assert!((kept.train.accuracy - whole.accuracy).abs() < 1e-12);
}

#[test]
fn statistics_are_those_of_the_training_images() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| recipe.head.normalise = Normalise::Standardise);
    let (_, module) = train_anew(&recipe, &data, &holdout(), |_| Ok(())).unwrap();
    let train = holdout().train;
    let rows = train.iter().map(|index| features.rows(&[*index]).unwrap());
    assert_eq!(
        module.head.normalisation().unwrap(),
        Normalisation::Standardise(Statistics::of(rows, 3))
    );
}

/// Maps of 2 x 2 places, whose means are the features.
#[test]
fn a_head_that_averages_maps_learns_from_their_means() {
    let (labels, device) = (labels(), Device::flex());
    let maps = |index: usize| {
        separable(index).map(|mean| [mean - 1.0, mean + 1.0, mean - 2.0, mean + 2.0])
    };
    let rows: Vec<f32> = (0..IMAGES).flat_map(maps).flatten().collect();
    let features = Features::held(&rows, 12);
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| {
        recipe.backbone.boundary = Boundary::after(4);
        (recipe.head.pool, recipe.head.normalise) = (Pool::Average, Normalise::Standardise);
        (recipe.head.hidden, recipe.training.dropout) = (vec![16], 0.1);
    });
    let (_, module) = train_anew(&recipe, &data, &holdout(), |_| Ok(())).unwrap();
    let train = holdout().train;
    let expected = Statistics::of(train.iter().map(|index| separable(*index)), 3);
    let Normalisation::Standardise(found) = module.head.normalisation().unwrap() else {
        panic!()
    };
    for (found, expected) in found.mean.iter().zip(expected.mean) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    let held_out = module.evaluate(&data, &holdout().validation).unwrap();
    assert!(held_out.accuracy > 0.99, "{held_out:?}");
    let layers = module.head.layers().unwrap();
    assert_eq!(
        layers.iter().map(|one| one.bias.len()).collect::<Vec<_>>(),
        [16, CLASSES]
    );
}

/// Without training, among images and their views; by class, however many images of one are near.
#[test]
fn a_nearest_neighbour_is_of_the_class_of_the_largest_cosine() {
    let device = Device::flex();
    let directions = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [5.0, 4.0, 0.0],
    ];
    let learned = Features::held(directions.as_flattened(), 3);
    let views = Features::held(&[1.0, 0.0, 0.0, 0.0, 0.0, -2.0], 3);
    let learned = LabelledFeatures {
        views: ViewSource::Cached {
            indices: &[0, 2],
            features: &[&views],
        },
        ..labelled(&learned, &[0, 1, 2, 1], &device)
    };
    let images = Features::held(&[4.0, 3.9, 0.0, 9.0, 1.0, 0.0, 1.0, 0.0, -3.0], 3);
    let images = labelled(&images, &[0, 0, 0], &device);
    let module = Trainable {
        stages: None,
        head: HeadConfig::linear(3, CLASSES, 1).init(&device),
        maps: [3, 1, 1],
    };
    let classes = |train: &[usize], epochs| {
        let found = module.nearest((&learned, train, epochs), &images, &[0, 1, 2]);
        let found = found.unwrap().rows;
        found.iter().map(Prediction::predicted).collect::<Vec<_>>()
    };
    assert_eq!(classes(&[0, 1, 2, 3], 1), [1, 0, 0]);
    assert_eq!(classes(&[0, 2], 1), [0, 0, 0]);
    assert_eq!(classes(&[0, 2], 2), [0, 0, 2], "a view of image 2");
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
            steps: None,
            learning_rate: None,
            seconds: 0.0,
            gradient_norms: BTreeMap::new(),
        }
    };
    assert!(replaces(&epoch(2, 0.4), &epoch(1, 0.5), Keep::Best));
    assert!(!replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Best));
    assert!(!replaces(&epoch(2, f64::NAN), &epoch(1, 0.5), Keep::Best));
    assert!(replaces(&epoch(2, 0.6), &epoch(1, 0.5), Keep::Last));
    for (losses, expected) in [
        (&[0.5][..], true),
        (&[0.5, 0.3], true),
        (&[0.5, 0.3, 0.4], false),
        // The first of equals, as in training.
        (&[0.3, 0.3], false),
        (&[0.5, f64::NAN], false),
    ] {
        let numbered = losses.iter().enumerate();
        let epochs: Vec<_> = numbered.map(|(n, loss)| epoch(n + 1, *loss)).collect();
        assert_eq!(is_best(&epochs), expected, "{losses:?}");
    }
}
