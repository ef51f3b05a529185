//! Image files of the user's own that are wrong; refused before anything is fetched.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::Home;

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

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}
