//! Files that were right once: each flipped byte is found, named and mended or refused.

use std::fs;
use std::path::Path;

use crate::harness::{
    FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, VGG16, files,
};

/// Flips a bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_flipped_byte_in_an_asset_of_train_is_refused() {
    for file in [TRAIN_IMAGES, TRAIN_LABELS, VGG16] {
        let home = Home::with(&FOR_TRAIN);
        flip(&home.model(file));
        home.train(&[])
            .refuses(1, &[file, "expected", "found", "again"]);
        assert!(
            !home.model(file).exists(),
            "{file} was left to be used again"
        );
        assert!(home.runs().is_empty() && home.cached().is_empty());
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_flipped_byte_in_an_asset_of_eval_is_refused() {
    let home = Home::with(&FOR_TRAIN);
    let run = home.train(&[]).json()["run"].as_str().unwrap().to_owned();
    for file in [TEST_IMAGES, TEST_LABELS] {
        home.take(&[TEST_IMAGES, TEST_LABELS]);
        flip(&home.model(file));
        home.graft(&["eval"])
            .refuses(1, &[file, "expected", "found", "again"]);
        assert!(!Path::new(&run).join("evaluation.json").exists());
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn damaged_weights_and_features_are_made_again() {
    let home = Home::with(&FOR_TRAIN);
    let head = home.train(&[]).json()["head"].clone();
    flip(&home.model("vgg16/block3.safetensors"));
    flip(&files(&home.cached()[0])[0]);
    let again = home.train(&[]);
    assert_eq!(again.json()["cache"], "miss");
    assert_eq!(again.json()["head"], head);
    for part in [
        "block3.safetensors",
        "importing the weights again",
        "computing it anew",
    ] {
        assert!(
            again.err.contains(part),
            "{part:?} is missing in {:?}",
            again.err
        );
    }
    assert_eq!(home.train(&[]).json()["cache"], "hit");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_damaged_run_is_refused() {
    let home = Home::with(&FOR_TRAIN);
    let run = home.train(&[]).json()["run"].as_str().unwrap().to_owned();
    let run = Path::new(&run);
    flip(&run.join("head.safetensors"));
    home.graft(&["eval"])
        .refuses(1, &["head.safetensors", "expected sha256", "found"]);
    fs::write(run.join("manifest.json"), "{}").unwrap();
    home.graft(&["eval"])
        .refuses(1, &["manifest.json", "expected"]);
    fs::remove_file(run.join("manifest.json")).unwrap();
    home.graft(&["eval", run.to_str().unwrap()])
        .refuses(1, &["not a complete run"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_picture_that_is_none_is_refused() {
    let home = Home::with(&FOR_TRAIN);
    home.train(&[]).json();
    fs::write(home.root().join("page.png"), "<html>").unwrap();
    home.graft(&["predict", "page.png"])
        .refuses(1, &["page.png", "PNG"]);
    home.graft(&["predict", "missing.png"])
        .refuses(1, &["missing.png"]);
}
