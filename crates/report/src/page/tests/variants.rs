//! Runs of every kind: between them they need every sentence of the page.

use super::record::{predictions, record};
use super::{NAMES, lesson};
use crate::page::{Lesson, Options};
use crate::record::{
    Cached, Layer, LayerKind, NoneOfThese, Part, Predictions, Record, Scores, StageHashes, Tested,
};

/// A run, and what its report is made with.
pub(super) struct Variant {
    pub(super) record: Record,
    pub(super) lessons: Vec<Lesson>,
    pub(super) options: Options,
}

/// All of them.
pub(super) fn variants() -> Vec<Variant> {
    let plain = |record| Variant {
        record,
        lessons: Vec::new(),
        options: Options::default(),
    };
    vec![
        Variant {
            lessons: NAMES.map(lesson).into(),
            ..plain(record())
        },
        with_labs(),
        plain(resumed()),
        plain(trained()),
        plain(augmented()),
        plain(calibrated()),
        plain(of_a_folder()),
        plain(of_pictures()),
        plain(tested(3000, 2, 0)),
        plain(tested(3000, 1000, 50)),
        plain(tested(3000, 1, 400)),
        plain(without_validation()),
    ]
}

/// `n` images of three classes; those of class 0 among the first `until` are mistakes.
fn big(n: usize, until: usize) -> Predictions {
    let row = |(index, label): (usize, u8)| {
        let wrong = label == 0 && index < until;
        (index, label, if wrong { 1 } else { label.into() })
    };
    let labels = [0, 1, 2].into_iter().cycle();
    predictions(&(0..n).zip(labels).map(row).collect::<Vec<_>>())
}

/// Replaces what was tested on.
fn set_test(record: &mut Record, predictions: Predictions) {
    let test: &mut Tested = record.test.as_mut().unwrap();
    test.evaluated.evaluation = predictions.evaluate().unwrap();
    test.predictions = predictions;
}

/// Mistakes on the training images and on 1000 test images: overfitting, or the contrary, or neither.
fn tested(trained_on: usize, in_training: usize, in_test: usize) -> Record {
    let mut record = record();
    record.train = big(trained_on, in_training);
    set_test(&mut record, big(1000, in_test));
    record.epochs[1].validation = record.epochs[0].validation;
    record
}

fn with_labs() -> Variant {
    let elsewhere = Lesson {
        elsewhere: Some("`labs/boundary.json` was measured elsewhere".into()),
        ..lesson("boundary")
    };
    Variant {
        record: record(),
        lessons: vec![elsewhere, lesson("preprocessing"), lesson("own")],
        options: Options {
            author: Some("Jane Doe".into()),
        },
    }
}

/// Interrupted, with another recipe on a GPU, by an older graft, and not evaluated.
fn resumed() -> Record {
    let mut record = record();
    record.test = None;
    record.recipe =
        "[training]\nbatch_size = 5\nkeep = \"best\"\nschedule = \"one-cycle\"\nema = 0.99\n\
        patience = 2\nepochs = 30\n\
        [preprocessing]\nfit = \"resize\"\nscaling = \"caffe\"\n[backbone]\nboundary = \"block1\""
            .parse()
            .unwrap();
    let manifest = &mut record.manifest;
    manifest.resumed = true;
    let original = Some(vec![128, 56, 56]);
    manifest
        .layers
        .insert(1, layer("block2", Part::Removed, original, None));
    manifest.machine.adapter = Some("A GPU".into());
    manifest.machine.driver = Some("driver 1".into());
    manifest.machine.burn = None;
    manifest.machine.rustc = None;
    manifest.machine.peak_memory_bytes = None;
    manifest.commit = None;
    record
}

/// With views of training images.
fn augmented() -> Record {
    let mut record = record();
    record.samples.views.clone_from(&record.samples.digits);
    record.recipe.insert(
        "augmentation".into(),
        toml::Value::Table("views = 8".parse().unwrap()),
    );
    record
}

fn layer(
    block: &str,
    part: Part,
    original: Option<Vec<usize>>,
    output: Option<Vec<usize>>,
) -> Layer {
    Layer {
        block: block.into(),
        name: "conv".into(),
        kind: LayerKind::Convolution,
        part,
        parameters: 1000,
        original,
        output,
    }
}

/// With a block that was trained, a validation that says something else, and as many test images as
/// MNIST has.
fn trained() -> Record {
    let mut record = record();
    let shapes = (Some(vec![512, 7, 7]), Some(vec![512, 1, 1]));
    let manifest = &mut record.manifest;
    manifest
        .layers
        .insert(1, layer("block5", Part::Trained, shapes.0, shapes.1));
    let stage = |stage: &str, trained, after: &str| StageHashes {
        stage: stage.into(),
        trained,
        before: "a".repeat(64),
        after: after.repeat(64),
    };
    manifest.backbone.stages = vec![stage("block1", false, "a"), stage("block5", true, "e")];
    manifest.backbone.after = "f".repeat(64);
    let worse = Scores {
        loss: 0.9,
        accuracy: 0.5,
    };
    record.epochs[1].validation = Some(worse);
    record.validation = Some(big(300, 100));
    set_test(&mut record, big(10_000, 100));
    record
}

/// With probabilities that were fitted to the held-out images, and a head that averages maps and had dropout.
fn calibrated() -> Record {
    let mut record = record();
    record.manifest.temperature = Some(1.25);
    let keys = "[head]\npool = \"average\"\n[training]\ndropout = 0.5\n";
    record.recipe.extend(keys.parse::<toml::Table>().unwrap());
    record
}

fn of_a_folder() -> Record {
    let mut record = without_validation();
    record.manifest.data.source = "my fashion".into();
    record.recipe = "[data]\nsource = \"my fashion\"\nlimit = 9"
        .parse()
        .unwrap();
    record.epochs.truncate(1);
    record.test = super::record::record().test;
    let test = record.test.as_mut().unwrap();
    test.mistakes.clear();
    test.evaluated.evaluation.calibration = crate::bins(&[]);
    record
}

/// Pictures in colour, of classes with names.
fn of_pictures() -> Record {
    let mut record = record();
    let data = &mut record.manifest.data;
    data.source = "photos".into();
    data.names = ["cat", "a dog & a very long name", "<b>"]
        .map(String::from)
        .into();
    data.channels = 3;
    data.left_out = 2;
    data.extra = "more photos".into();
    record.manifest.cache.computed = Some(9);
    record.recipe = "[data]\nsource = \"photos\"\nextra = \"more photos\""
        .parse()
        .unwrap();
    let test = record.test.as_mut().unwrap();
    test.evaluated.none_of_these = Some(NoneOfThese {
        threshold: 0.75,
        images: 1,
    });
    for picture in test.mistakes.iter_mut().chain(&mut record.samples.digits) {
        picture.pixels = [200, 100, 0].repeat(4);
    }
    record
}

fn without_validation() -> Record {
    let mut record = record();
    record.test = None;
    record.validation = None;
    record.manifest.validated_on = 0;
    record.manifest.cache.result = Cached::Hit;
    record
}
