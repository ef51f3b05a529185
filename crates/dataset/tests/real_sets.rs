//! The data sets themselves, read from where they lie.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::io::{self, Write};
use std::path::Path;

use graft_dataset::{IdxPair, ImageForm, ImageSet, PictureForm, Split, read_picture};

fn read(folder: &Path, split: Split) -> ImageSet {
    let pair = IdxPair::find(folder, split).unwrap();
    let set = ImageSet::read(&pair.images, &pair.labels, 10).unwrap();
    assert_eq!((set.rows(), set.columns()), (28, 28));
    set
}

/// How many images each class has.
fn class_counts(set: &ImageSet) -> [usize; 10] {
    let mut counts = [0; 10];
    for &label in set.labels() {
        counts[usize::from(label)] += 1;
    }
    counts
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn mnist_is_what_its_page_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/mnist");
    let train = read(&folder, Split::Train);
    assert_eq!(train.len(), 60_000);
    assert_eq!(train.labels()[..8], [5, 0, 4, 1, 9, 2, 1, 3]);
    let counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(class_counts(&train), counts);
    let test = read(&folder, Split::Test);
    assert_eq!(test.len(), 10_000);
    assert_eq!(test.labels()[..8], [7, 2, 1, 0, 4, 1, 4, 9]);
    // Saved as pictures, all test images are taken as they are.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digit.bmp");
    for image in test.images() {
        let picture = image::GrayImage::from_vec(28, 28, image.to_vec()).unwrap();
        picture.save(&path).unwrap();
        let read = read_picture(&path, PictureForm::Digit, ImageForm::MNIST).unwrap();
        assert_eq!(read.pixels, image);
    }
}

#[test]
#[ignore = "reads Debian's dataset-fashion-mnist where that is installed; run by cargo xtask test"]
fn fashion_mnist_loads_too() {
    let folder = Path::new("/usr/share/datasets/fashion-mnist");
    if !folder.is_dir() {
        // Written past the test harness, which hides what a passing test prints.
        let _ = writeln!(io::stderr(), "skipped: no {}", folder.display());
        return;
    }
    assert_eq!(class_counts(&read(folder, Split::Train)), [6000; 10]);
    assert_eq!(class_counts(&read(folder, Split::Test)), [1000; 10]);
}
