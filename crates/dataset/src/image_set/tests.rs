//! What makes a set, and what is refused as one.

use super::*;
use crate::Holdout;

fn three() -> ImageSet {
    ImageSet::new(1, 2, vec![1, 2, 3, 4, 5, 6], vec![2, 0, 2], 3).unwrap()
}

#[test]
fn images_and_counts() {
    let set = three();
    assert_eq!((set.len(), set.rows(), set.columns()), (3, 1, 2));
    assert_eq!(set.image(1), [3, 4]);
    assert_eq!((set.labels(), set.classes()), (&[2, 0, 2][..], 3));
}

#[test]
fn the_first_images() {
    let two = three().first(2).unwrap();
    assert_eq!(two.images().collect::<Vec<_>>(), [[1, 2], [3, 4]]);
    assert_eq!(two.labels(), [2, 0]);
    assert_eq!(three().first(3).unwrap(), three());
    let error = three().first(4).unwrap_err().to_string();
    assert!(error.contains("4 images, found 3"), "{error}");
    let error = three().first(0).unwrap_err().to_string();
    assert!(error.contains("found 0 images of 1x2"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let new = |rows, pixels: usize, labels: &[u8], classes| {
        let error = ImageSet::new(rows, 2, vec![0; pixels], labels.to_vec(), classes);
        error.unwrap_err().to_string()
    };
    let cases = [
        (new(1, 0, &[], 3), "at least one image"),
        (new(0, 0, &[1], 3), "at least one pixel"),
        (new(1, 3, &[1], 3), "found 3 pixels"),
        (new(usize::MAX, 3, &[1], 3), "found 3 pixels"),
        (new(1, 4, &[1, 3], 3), "below 3, found 3 at index 1"),
        (new(1, 2, &[0], 0), "1 to 256 classes"),
        (new(1, 2, &[0], 257), "1 to 256 classes"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn files_that_do_not_belong_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 70, 80];
    let images = write("two-images", &images);
    let labels = write("two-labels", &[0, 0, 8, 1, 0, 0, 0, 2, 3, 9]);
    let one = write("one-label", &[0, 0, 8, 1, 0, 0, 0, 1, 3]);
    let set = ImageSet::read(&images, &labels, 10).unwrap();
    assert_eq!(set.images().collect::<Vec<_>>().concat(), [70, 80]);
    assert_eq!(set.labels(), [3, 9]);

    let cases: [(_, _, _, &[&str]); 3] = [
        (
            &images,
            &one,
            10,
            &["2 images", "two-images", "1 labels", "one-label"],
        ),
        (
            &images,
            &labels,
            9,
            &["two-labels", "below 9, found 9 at index 1"],
        ),
        (
            &labels,
            &images,
            10,
            &["two-labels", "expected 3", "swapped"],
        ),
    ];
    for (images, labels, classes, words) in cases {
        let message = ImageSet::read(images, labels, classes)
            .unwrap_err()
            .to_string();
        for word in words {
            assert!(message.contains(word), "{message}");
        }
    }
}

#[test]
fn rows_and_columns_are_exchanged() {
    let set = ImageSet::new(2, 3, vec![1, 2, 3, 4, 5, 6], vec![0], 1).unwrap();
    let turned = set.clone().transposed();
    assert_eq!((turned.rows(), turned.columns()), (3, 2));
    assert_eq!(turned.image(0), [1, 4, 2, 5, 3, 6]);
    assert_eq!(turned.transposed(), set);
}

#[test]
fn borders_tell_dark_from_light() {
    let mut pixels = vec![200; 9];
    pixels[4] = 0;
    let set = ImageSet::new(3, 3, pixels, vec![0], 1).unwrap();
    assert_eq!(set.border(), Some(200));
    // Corners count twice in a row and a column: a mean, not a measure.
    let set = ImageSet::new(1, 2, vec![0, 100], vec![0], 1).unwrap();
    assert_eq!(set.border(), Some(50));
}

#[test]
fn so_many_of_each_class_train_and_what_is_held_out_stays() {
    let labels: Vec<u8> = (0..120).map(|index| index % 3).collect();
    let set = ImageSet::new(1, 1, (0..120).collect(), labels, 3).unwrap();
    let before = set.holdout(30, 7).unwrap();
    let pixels = |set: &ImageSet, indices: &[usize]| -> Vec<u8> {
        indices.iter().map(|index| set.image(*index)[0]).collect()
    };
    let few = |count, draw| {
        let few = set.per_class(count, (30, 7), draw).unwrap();
        // Whatever is asked for again.
        let Holdout { train, validation } = few.holdout(30, 7).unwrap();
        assert_eq!(pixels(&few, &validation), pixels(&set, &before.validation));
        let train = pixels(&few, &train);
        for class in 0..3 {
            let of_class = train.iter().filter(|pixel| **pixel % 3 == class);
            assert_eq!(of_class.count(), count.min(30));
        }
        assert!(
            train
                .iter()
                .all(|pixel| before.train.contains(&usize::from(*pixel)))
        );
        train
    };
    let (small, large) = (few(2, 0), few(5, 0));
    assert!(small.iter().all(|pixel| large.contains(pixel)));
    assert_eq!(small, few(2, 0));
    assert_ne!(small, few(2, 1));
    assert_eq!(few(40, 0), pixels(&set, &before.train));
    let all = set.per_class(4, (0, 7), 0).unwrap();
    assert_eq!(
        (all.len(), all.holdout(0, 7).unwrap().train.len()),
        (12, 12)
    );
}
