//! Several runs as one classifier: `eval` and `predict` average their probabilities.

use std::fs;
use std::path::Path;

use graft_report::softmax;
use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS, files};

/// A home with everything that `train` and `eval` need.
fn home() -> Home {
    Home::with(&[&FOR_TRAIN[..], &[TEST_IMAGES, TEST_LABELS]].concat())
}

/// Trains a run with `set`, and returns its folder.
fn trained(home: &Home, set: &str) -> String {
    let run = home.train(&["--set", set]).json();
    run["run"].as_str().unwrap().to_owned()
}

fn name(run: &str) -> &str {
    Path::new(run).file_name().unwrap().to_str().unwrap()
}

/// The label of every test image, and the probabilities that a run gave it, as its record has them.
fn recorded(run: &str) -> Vec<(usize, Vec<f64>)> {
    let csv = fs::read_to_string(Path::new(run).join("predictions/test.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let logits: Vec<f32> = cells[4..]
            .iter()
            .map(|cell| cell.parse().unwrap())
            .collect();
        (cells[1].parse().unwrap(), softmax(&logits))
    };
    csv.lines().skip(1).map(row).collect()
}

/// The mean of the probabilities of two runs.
fn mean(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::midpoint(*a, *b))
        .collect()
}

/// The first test images as PNG files, whose names begin with their labels.
fn pictures(home: &Home, count: usize) -> Vec<String> {
    let [images, labels] =
        [TEST_IMAGES, TEST_LABELS].map(|file| fs::read(home.model(file)).unwrap());
    let digits = images[16..].chunks_exact(784).zip(&labels[8..]).take(count);
    let saved = digits.enumerate().map(|(index, (pixels, label))| {
        let path = home.root().join(format!("{label}-{index}.png"));
        let digit = image::GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap();
        digit.save(&path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    saved.collect()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn probabilities_of_runs_are_averaged() {
    let home = home();
    let [a, b] = [1, 2].map(|seed| trained(&home, &format!("training.seed={seed}")));
    home.graft(&["eval", &a]).succeeds();
    let evaluation = |run: &str| fs::read(Path::new(run).join("evaluation.json"));
    let before = evaluation(&a).unwrap();

    // What is on record is taken, and the other run is evaluated first.
    let ensemble = home.graft(&["eval", &a, &b, "--json"]).json();
    assert_eq!(evaluation(&a).unwrap(), before);
    let count = |run: &str| files(Path::new(run)).len();
    assert_eq!(count(&a), count(&b));
    for (member, run) in ensemble["members"].as_array().unwrap().iter().zip([&a, &b]) {
        let own: Value = serde_json::from_slice(&evaluation(run).unwrap()).unwrap();
        assert_eq!(member["run"], **run);
        for key in ["n", "correct", "accuracy", "interval", "loss"] {
            assert_eq!(member[key], own[key], "{key}");
        }
    }
    let (first, second) = (recorded(&a), recorded(&b));
    let (mut correct, mut loss) = (0, 0.0);
    for ((label, a), (_, b)) in first.iter().zip(&second) {
        let mean = mean(a, b);
        let largest = mean.iter().copied().fold(0.0, f64::max);
        correct += u64::from(mean[*label] >= largest);
        loss -= mean[*label].ln() / 256.0;
    }
    assert_eq!(
        (&ensemble["n"], &ensemble["correct"]),
        (&256.into(), &correct.into())
    );
    let found = ensemble["loss"].as_f64().unwrap();
    assert!((found - loss).abs() < 1e-6, "{found} instead of {loss}");
    let told = home.graft(&["eval", &a, &b]);
    told.succeeds();
    for part in [
        "the mean of 2 runs, on 256 test images",
        name(&a),
        name(&b),
        "recall",
        "recorded nowhere",
    ] {
        assert!(
            told.out.contains(part),
            "{part:?} is missing in {}",
            told.out
        );
    }

    let digit = pictures(&home, 1).remove(0);
    let predict = |runs: &[&str]| {
        let told = home
            .graft(&[&["predict", "--json"], runs, &[&digit]].concat())
            .json();
        serde_json::from_value::<Vec<f64>>(told["probabilities"].clone()).unwrap()
    };
    let (together, alone) = (predict(&[&a, &b]), mean(&predict(&[&a]), &predict(&[&b])));
    for (found, expected) in together.iter().zip(&alone) {
        assert!(
            (found - expected).abs() < 1e-6,
            "{together:?} instead of {alone:?}"
        );
    }
    let told = home.graft(&["predict", &a, &b, &digit]);
    assert!(
        told.out.contains("7-0.png  7  [") && told.err.contains(name(&b)),
        "{told:?}"
    );
    home.graft(&["predict", &a, &b])
        .refuses(1, &["expected pictures", "found only runs"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn runs_of_other_images_or_classes_are_not_averaged() {
    let home = home();
    let first = trained(&home, "training.seed=1");
    let fewer = trained(&home, "data.limit=200");
    home.graft(&["eval", &first, &fewer])
        .refuses(1, &[&first, &fewer, "on 256 and on 200 test images"]);
    let more = trained(&home, "data.classes=12");
    for verb in [
        &["eval", &first, &more][..],
        &["predict", &first, &more, "a.png"],
    ] {
        home.graft(verb)
            .refuses(1, &[&first, &more, "expected 10 classes, found 12 classes"]);
    }
    // Refused before it is evaluated.
    assert!(!Path::new(&more).join("evaluation.json").exists());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn views_are_averaged_and_predict_gives_what_eval_measured() {
    let home = home();
    let run = trained(&home, "augmentation.rotate=15");
    let plain = home.graft(&["eval", "--json"]).json();
    let cached = home.cached().len();
    let views = home.graft(&["eval", "--views", "3", "--json"]).json();
    assert_eq!(home.cached().len(), cached + 2);
    // The record is that of the images themselves.
    let text = fs::read(Path::new(&run).join("evaluation.json")).unwrap();
    let record: Value = serde_json::from_slice(&text).unwrap();
    let member = &views["members"][0];
    for key in ["correct", "loss"] {
        assert_eq!((&record[key], &member[key]), (&plain[key], &plain[key]));
    }
    assert_eq!((&views["views"], &views["n"]), (&3.into(), &256.into()));
    assert_eq!(member["with_views"]["loss"], views["loss"]);
    assert_ne!(views["loss"], plain["loss"]);

    let pictures = pictures(&home, 256);
    let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
    let told = home.graft(&[&["predict", "--views", "3", "--json"], &pictures[..]].concat());
    told.succeeds();
    let (mut correct, mut loss) = (0, 0.0);
    for (line, picture) in told.out.lines().zip(&pictures) {
        let told: Value = serde_json::from_str(line).unwrap();
        let name = Path::new(picture).file_name().unwrap().to_str().unwrap();
        let label: usize = name[..1].parse().unwrap();
        correct += u64::from(told["class"] == label);
        loss -= told["probabilities"][label].as_f64().unwrap().ln() / 256.0;
    }
    assert_eq!(views["correct"], correct);
    let expected = views["loss"].as_f64().unwrap();
    assert!(
        (loss - expected).abs() < 1e-4,
        "{loss} instead of {expected}"
    );

    let other = trained(&home, "training.seed=1");
    for verb in [
        &["eval", "--views", "2", &other][..],
        &["eval", "--views", "2", &run, &other],
        &["predict", "--views", "2", &other, pictures[0]],
    ] {
        home.graft(verb)
            .refuses(1, &[&other, "no ranges for views", "augmentation.rotate"]);
    }
    assert!(!Path::new(&other).join("evaluation.json").exists());
    let more = trained(&home, "augmentation.shift=0.1");
    let told = home.graft(&["eval", "--views", "2", &run, &more]);
    told.succeeds();
    for part in [
        "2 runs with 2 views each",
        "accuracy with 2 views",
        "--views 2",
    ] {
        assert!(
            told.out.contains(part),
            "{part:?} is missing in {}",
            told.out
        );
    }
}
