//! Trainings that would be resumed with other data than they started with.

use std::fs;

use graft_durable::sha256;

use crate::harness::{FOR_TRAIN, Home, TRAIN_IMAGES, TRAIN_LABELS};
use crate::resume::{result, uncomplete};

/// Where the first image and the first label stand in their files, and how many of each are used.
const IMAGES: usize = 16;
const LABELS: usize = 8;
const USED: usize = 256;

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn one_byte_of_the_data_is_noticed() {
    let home = Home::with(&FOR_TRAIN);
    let own = home.root().join("own");
    fs::create_dir(&own).unwrap();
    for file in [TRAIN_IMAGES, TRAIN_LABELS] {
        let name = file.rsplit('/').next().unwrap();
        fs::copy(home.model(file), own.join(name)).unwrap();
    }
    let source = format!("data.source={}", own.display());
    home.train(&["--set", &source]).succeeds();
    let run = home.runs()[0].clone();
    let whole = result(&run);
    uncomplete(&run);
    let resume = || home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);

    let labels = own.join("train-labels-idx1-ubyte");
    let right = fs::read(&labels).unwrap();
    let mut wrong = right.clone();
    wrong[LABELS + 5] = (wrong[LABELS + 5] + 1) % 10;
    fs::write(&labels, &wrong).unwrap();
    let hash = |bytes: &[u8]| sha256(&bytes[LABELS..LABELS + USED]);
    let (then, now) = (hash(&right), hash(&wrong));
    let parts = [
        &format!("labels of sha256 {then}"),
        &format!("found {now};"),
        "train a new run",
    ];
    resume().refuses(1, &parts);
    fs::write(&labels, &right).unwrap();

    let images = own.join("train-images-idx3-ubyte");
    let right = fs::read(&images).unwrap();
    let mut wrong = right.clone();
    wrong[IMAGES + 300] ^= 1;
    fs::write(&images, &wrong).unwrap();
    resume().refuses(
        1,
        &["started with the images of sha256 ", "train a new run"],
    );
    fs::write(&images, &right).unwrap();

    resume().succeeds();
    assert!(result(&run) == whole);
}
