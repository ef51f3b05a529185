//! More pictures behind those of a set.

use super::*;
use crate::Holdout;

/// Four grey images, each of one shade, of classes 0 and 1.
fn base(side: usize) -> ImageSet {
    let pixels = (200..204).flat_map(|shade| vec![shade; side * side]);
    ImageSet::new(side, side, pixels.collect(), vec![0, 1, 1, 0], 2).unwrap()
}

/// The pictures of `source` behind those of `base`.
fn joined(source: &Path, request: PictureRequest, base: ImageSet) -> ImageSet {
    read_pictures(source, request, Some(base), |_, _, _| Ok::<_, Error>(())).unwrap()
}

#[test]
fn more_pictures_come_behind_with_their_classes() {
    let (more, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, shade) in [("1/a.png", 10), ("shoe/b.png", 20), ("shoe/c.png", 30)] {
        grey(more.path(), name, 9, shade);
    }
    let with = |base: ImageSet, split| {
        let request = PictureRequest {
            split,
            test_share: 0.0,
            ..request(cache.path())
        };
        joined(more.path(), request, base)
    };
    let set = with(base(4), TRAIN);
    assert_eq!((set.rows(), set.columns(), set.classes()), (4, 4, 3));
    assert_eq!(set.all_names(), ["0", "1", "shoe"]);
    assert_eq!(set.labels(), [0, 1, 1, 0, 1, 2, 2]);
    assert_eq!(shades(&set), [200, 201, 202, 203, 10, 20, 30]);
    assert_eq!(set.file(3), "3");
    assert_eq!(
        set.file(4),
        more.path().join("1/a.png").display().to_string()
    );
    // Where there are none to test, the classes are the same all the same.
    let test = with(base(4), Split::Test);
    assert_eq!((test.len(), test.names()), (4, set.names()));
    // Any of them may be drawn, shortened, and drawn again.
    let drawn = set.clone().per_class(1, (0, 0), 0).unwrap();
    assert_eq!(drawn.len(), 3);
    assert!(
        shades(&drawn)
            .iter()
            .all(|shade| shades(&set).contains(shade))
    );
    assert_eq!(shades(&set.first(5).unwrap()), [200, 201, 202, 203, 10]);
}

#[test]
fn more_pictures_of_the_same_classes_add_no_names() {
    let (more, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // One of them is an image of the base, one is there twice, and one would be held out elsewhere.
    for (name, shade) in [
        ("train/1/a.png", 10),
        ("train/0/b.png", 202),
        ("train/1/c.png", 10),
        ("val/1/d.png", 30),
    ] {
        grey(more.path(), name, 4, shade);
    }
    let with = |base| joined(more.path(), request(cache.path()), base);
    let set = with(base(4));
    assert_eq!((set.classes(), set.names().len(), set.len()), (2, 0, 8));
    assert_eq!(shades(&set), [200, 201, 202, 203, 10, 202, 10, 30]);
    assert_eq!(set.origin().copies, [0, 1, 2, 3, 4, 2, 4, 7]);
    // Nothing is held out that the base does not hold out.
    let Holdout { train, validation } = set.holdout(0, 0).unwrap();
    assert_eq!((train.len(), validation.len()), (8, 0));
    // A base of pictures with validation pictures of its own takes more of them.
    let photos = tempfile::tempdir().unwrap();
    for (name, shade) in [
        ("train/0/x.png", 1),
        ("train/1/y.png", 2),
        ("val/0/z.png", 3),
    ] {
        grey(photos.path(), name, 4, shade);
    }
    let set = with(read(photos.path(), request(cache.path())).unwrap());
    let Holdout { validation, .. } = set.holdout(0, 0).unwrap();
    let held = validation.iter().map(|index| set.image(*index)[0]);
    assert_eq!(held.collect::<Vec<_>>(), [3, 30]);
}

#[test]
fn a_new_class_is_one_whatever_it_is_called() {
    let (more, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    grey(more.path(), "2/a.png", 4, 10);
    let request = request(cache.path());
    let set = joined(more.path(), request, base(4));
    assert_eq!(set.names(), ["0", "1", "2"]);
}
