//! Image files of the user's own that are wrong; refused before anything is fetched.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::{Home, VGG16};

const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";

/// IDX images of 28x28, `count` of them.
fn images(count: u8) -> Vec<u8> {
    let header = [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
    [header.to_vec(), vec![7; usize::from(count) * 784]].concat()
}

/// IDX labels, `count` of them.
fn labels(count: u8) -> Vec<u8> {
    [
        vec![0, 0, 8, 1, 0, 0, 0, count],
        (0..count).map(|label| label % 10).collect(),
    ]
    .concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_is_refused_by_name() {
    let cut = |bytes: Vec<u8>, by: usize| bytes[..bytes.len() - by].to_vec();
    let gz = &format!("{IMAGES}.gz");
    for (name, images, labels, parts) in [
        (
            gz,
            cut(packed(&images(20)), 9),
            labels(20),
            &[IMAGES, "gzip"][..],
        ),
        (&IMAGES.to_owned(), images(20), labels(19), &["20", "19"]),
        (
            &IMAGES.to_owned(),
            cut(images(20), 1),
            labels(20),
            &[IMAGES, "15696", "15695"],
        ),
        (
            &IMAGES.to_owned(),
            b"<html>".to_vec(),
            labels(20),
            &[IMAGES],
        ),
    ] {
        let home = Home::new();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), name, &images);
        write(folder.path(), LABELS, &labels);
        let source = format!("data.source={}", folder.path().display());
        home.graft(&["train", "--set", &source, "--set", "data.validation=5"])
            .refuses(1, parts);
        assert!(home.runs().is_empty() && home.cached().is_empty());
    }
}

#[test]
fn a_holdout_larger_than_the_set_is_refused() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), IMAGES, &images(20));
    write(folder.path(), LABELS, &labels(20));
    let source = format!("data.source={}", folder.path().display());
    home.graft(&["train", "--set", &source])
        .refuses(1, &["5000", "20", "data.validation"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn pictures_are_brought_to_the_form_of_the_set_that_a_run_was_trained_on() {
    // 20x24 pixels, the left or the right half lighter: a digit would be centred, which hides the class.
    let pixels = |class: u8| {
        (0..480).map(move |at| {
            if (at % 24 < 12) == (class == 0) {
                220
            } else {
                90
            }
        })
    };
    let home = Home::with(&[VGG16]);
    let folder = tempfile::tempdir().unwrap();
    let classes = || (0..100).map(|index| index % 2);
    let header = [0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 20, 0, 0, 0, 24];
    let images: Vec<u8> = header
        .into_iter()
        .chain(classes().flat_map(pixels))
        .collect();
    write(folder.path(), IMAGES, &images);
    let labels: Vec<u8> = [0, 0, 8, 1, 0, 0, 0, 100]
        .into_iter()
        .chain(classes())
        .collect();
    write(folder.path(), LABELS, &labels);
    let source = format!("data.source={}", folder.path().display());
    let [classes, validation] = ["data.classes=2", "data.validation=10"];
    let rate = "training.learning_rate=0.03"; // So that thirty steps tell them apart.
    let train = [
        "train", "--set", &source, "--set", classes, "--set", validation, "--set", rate,
    ];
    home.graft(&train).succeeds();
    for class in [0, 1] {
        let small = image::GrayImage::from_vec(24, 20, pixels(class).collect()).unwrap();
        let large = image::imageops::resize(&small, 240, 200, image::imageops::Nearest);
        for picture in [small, large] {
            let path = folder.path().join("picture.png");
            picture.save(&path).unwrap();
            let told = home
                .graft(&["predict", path.to_str().unwrap(), "--json"])
                .json();
            assert_eq!(
                (&told["class"], &told["inverted"]),
                (&class.into(), &false.into())
            );
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}
