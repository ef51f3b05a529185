//! Sources of pictures to sets: which images, in which form, split how.

mod joined;
mod manifest;

use std::fs;

use image::{GrayImage, Luma, Rgb, RgbImage};

use super::*;
use crate::ResizeMode;

const TRAIN: Split = Split::Train;

/// A request for the training images, at 8 pixels.
fn request(cache: &Path) -> PictureRequest<'_> {
    PictureRequest {
        split: TRAIN,
        test_share: 0.25,
        seed: 0,
        limit: 0,
        preprocessing: Preprocessing {
            size: 8,
            ..Preprocessing::default()
        },
        form: None,
        cache,
        skip_bad: false,
    }
}

fn read(source: &Path, request: PictureRequest) -> Result<ImageSet, Error> {
    read_pictures(source, request, None, |_, _, _| Ok(()))
}

/// A grey picture of one shade.
fn grey(folder: &Path, name: &str, side: u32, shade: u8) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(side, side, Luma([shade]))
        .save(path)
        .unwrap();
}

/// Twenty pictures of class a and twelve of class b, each of its own shade.
fn folder(side: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for shade in 0..32 {
        let class = if shade < 20 { "a" } else { "b" };
        grey(folder.path(), &format!("{class}/{shade}.png"), side, shade);
    }
    folder
}

/// The shade of every image.
fn shades(set: &ImageSet) -> Vec<u8> {
    set.images().map(|image| image[image.len() / 2]).collect()
}

fn per_class(set: &ImageSet) -> [usize; 2] {
    let mut images = [0; 2];
    for label in set.labels() {
        images[usize::from(*label)] += 1;
    }
    images
}

#[test]
fn without_a_test_folder_a_share_of_each_class_is_the_test() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let train = read(source.path(), request(cache.path())).unwrap();
    let test = PictureRequest {
        split: Split::Test,
        ..request(cache.path())
    };
    let test = read(source.path(), test).unwrap();
    assert_eq!((train.len(), test.len()), (24, 8));
    let mut all = [shades(&train), shades(&test)].concat();
    all.sort_unstable();
    assert_eq!(all, (0..32).collect::<Vec<u8>>());
    assert_eq!(per_class(&test), [5, 3]);
    for (shade, label) in shades(&train).iter().zip(train.labels()) {
        assert_eq!(*label, u8::from(*shade >= 20));
    }
    assert_eq!(train.names(), ["a", "b"]);
    let other = PictureRequest {
        seed: 1,
        ..request(cache.path())
    };
    assert_ne!(shades(&read(source.path(), other).unwrap()), shades(&train));
    // A tenth at most is held out for validation, and as many as asked for otherwise.
    assert_eq!(train.holdout(5000, 7).unwrap().validation.len(), 2);
    assert_eq!(train.holdout(1, 7).unwrap().validation.len(), 1);
}

#[test]
fn parts_are_taken_as_they_are() {
    let (source, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, shade) in [
        ("train/a/1.png", 1),
        ("train/b/2.png", 2),
        ("val/a/0.png", 3),
        ("test/b/5.png", 4),
    ] {
        grey(source.path(), name, 8, shade);
    }
    let train = read(source.path(), request(cache.path())).unwrap();
    assert_eq!(shades(&train), [3, 1, 2]);
    let holdout = train.holdout(0, 1).unwrap();
    assert_eq!((holdout.train, holdout.validation), (vec![1, 2], vec![0]));
    let first = train.first(2).unwrap().holdout(0, 1).unwrap();
    assert_eq!((first.train, first.validation), (vec![1], vec![0]));
    // The test folder is not opened for training.
    fs::write(source.path().join("test/b/6.png"), "no picture").unwrap();
    read(source.path(), request(cache.path())).unwrap();
}

#[test]
fn copies_are_on_one_side() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    for shade in 0..20 {
        let from = source.path().join(format!("a/{shade}.png"));
        fs::copy(from, source.path().join(format!("a/copy {shade}.png"))).unwrap();
    }
    for seed in 0..5 {
        let with = |split| PictureRequest {
            split,
            seed,
            ..request(cache.path())
        };
        let [train, test] =
            [TRAIN, Split::Test].map(|split| read(source.path(), with(split)).unwrap());
        assert_eq!(train.len() + test.len(), 52);
        assert!(
            shades(&test)
                .iter()
                .all(|shade| !shades(&train).contains(shade))
        );
        let holdout = train.holdout(5, seed).unwrap();
        let of = |indices: &[usize]| {
            indices
                .iter()
                .map(|at| shades(&train)[*at])
                .collect::<Vec<_>>()
        };
        let held = of(&holdout.validation);
        assert!(of(&holdout.train).iter().all(|shade| !held.contains(shade)));
    }
}

#[test]
fn a_limit_is_spread_over_the_classes() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let limited = PictureRequest {
        limit: 8,
        ..request(cache.path())
    };
    let set = read(source.path(), limited).unwrap();
    assert_eq!(per_class(&set), [5, 3]);
}

#[test]
fn the_pictures_decide_the_form_and_a_run_s_form_is_kept() {
    let cache = tempfile::tempdir().unwrap();
    let form = |set: &ImageSet| [set.rows(), set.columns(), set.channels()];
    let all = |cache| PictureRequest {
        test_share: 0.0,
        ..request(cache)
    };
    // All of one size that fits: as they are.
    let small = folder(6);
    let set = read(small.path(), all(cache.path())).unwrap();
    assert_eq!(form(&set), [6, 6, 1]);
    // Of several sizes, or too large: the network's input.
    grey(small.path(), "a/large.png", 7, 9);
    let set = read(small.path(), all(cache.path())).unwrap();
    assert_eq!(form(&set), [8, 8, 1]);
    let set = read(folder(9).path(), all(cache.path())).unwrap();
    assert_eq!(form(&set), [8, 8, 1]);
    // One in colour makes colours of all.
    let red = RgbImage::from_pixel(6, 6, Rgb([250, 0, 0]));
    red.save(small.path().join("b/red.png")).unwrap();
    let wanted = ImageForm {
        rows: 3,
        columns: 5,
        channels: 1,
        fit: ResizeMode::Resize,
    };
    let asked = PictureRequest {
        form: Some(wanted),
        ..all(cache.path())
    };
    assert_eq!(form(&read(small.path(), asked).unwrap()), [3, 5, 1]);
    let set = read(small.path(), all(cache.path())).unwrap();
    assert_eq!(form(&set), [8, 8, 3]);
    let red = set.images().filter(|image| image[..3] == [250, 0, 0]);
    assert_eq!(red.count(), 1);
}

#[test]
fn what_cannot_be_read_is_listed_or_left_out() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let bad = |name: &str, bytes: &[u8]| fs::write(source.path().join(name), bytes).unwrap();
    bad("a/text.png", b"no picture");
    bad("b/empty.jpg", b"");
    // Its head is whole, which a first look does not see through.
    let mut torn = fs::read(source.path().join("a/3.png")).unwrap();
    let data = torn.windows(4).position(|four| four == b"IDAT").unwrap();
    torn[data + 6..].fill(7);
    bad("a/torn.png", &torn);
    #[cfg(unix)]
    std::os::unix::fs::symlink("gone", source.path().join("a/link.png")).unwrap();
    let all = PictureRequest {
        test_share: 0.0,
        ..request(cache.path())
    };
    let error = read(source.path(), all).unwrap_err().to_string();
    for part in [
        "text.png: expected a picture",
        "empty.jpg: the file is empty",
        "--skip-bad",
    ] {
        assert!(error.contains(part), "{error}");
    }
    #[cfg(unix)]
    assert!(
        error.contains("link.png is a broken link: expected a file at gone"),
        "{error}"
    );
    let skipping = PictureRequest {
        skip_bad: true,
        ..all
    };
    let set = read(source.path(), skipping).unwrap();
    assert_eq!(set.len(), 32);
    assert_eq!(set.left_out().len(), if cfg!(unix) { 4 } else { 3 });
    let mut found = shades(&set);
    found.sort_unstable();
    assert_eq!(found, (0..32).collect::<Vec<u8>>());
    for name in ["a/text.png", "b/empty.jpg", "a/link.png"] {
        drop(fs::remove_file(source.path().join(name)));
    }
    let error = read(source.path(), all).unwrap_err().to_string();
    assert!(
        error.contains("torn.png") && error.contains("1 picture cannot"),
        "{error}"
    );
}

#[test]
fn work_that_was_stopped_goes_on_and_damage_is_mended() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let entry = || {
        let entries: Vec<_> = fs::read_dir(cache.path())
            .unwrap()
            .map(|one| one.unwrap().path())
            .collect();
        assert_eq!(entries.len(), 1);
        entries[0].join("000000")
    };
    let first = read(source.path(), request(cache.path())).unwrap();
    let whole = fs::read(entry()).unwrap();
    let written = fs::metadata(entry()).unwrap().modified().unwrap();
    assert_eq!(read(source.path(), request(cache.path())).unwrap(), first);
    assert_eq!(fs::metadata(entry()).unwrap().modified().unwrap(), written);
    drop(first);
    for damage in [
        whole[..whole.len() - 1].to_vec(),
        vec![],
        [&whole[..9], &[99], &whole[10..]].concat(),
    ] {
        fs::write(entry(), damage).unwrap();
        read(source.path(), request(cache.path())).unwrap();
        assert_eq!(fs::read(entry()).unwrap(), whole);
    }
    let stop = |what, _, more: usize| match what {
        Preparing::Decoding if more > 0 => Err(Error::NotAFile {
            path: "stop".into(),
        }),
        _ => Ok(()),
    };
    fs::remove_file(entry()).unwrap();
    assert!(read_pictures(source.path(), request(cache.path()), None, stop).is_err());
    // What was done is there.
    assert_eq!(fs::read(entry()).unwrap(), whole);
}

#[test]
fn so_many_of_each_class_stay_on_the_disk() {
    let (source, cache) = (folder(8), tempfile::tempdir().unwrap());
    let all = read(source.path(), request(cache.path())).unwrap();
    let few = all.per_class(3, (2, 7), 0).unwrap();
    // The same bytes, not copies of them.
    let places = |set: &ImageSet| set.images().map(<[u8]>::as_ptr).collect::<Vec<_>>();
    assert!(
        places(&few)
            .iter()
            .all(|place| places(&all).contains(place))
    );
    let shades_at = |set: &ImageSet, indices: &[usize]| -> Vec<u8> {
        indices.iter().map(|index| shades(set)[*index]).collect()
    };
    let (before, after) = (all.holdout(2, 7).unwrap(), few.holdout(2, 7).unwrap());
    let held_out = shades_at(&few, &after.validation);
    assert_eq!(held_out, shades_at(&all, &before.validation));
    let (before, after) = (
        shades_at(&all, &before.train),
        shades_at(&few, &after.train),
    );
    assert_eq!(after.iter().filter(|shade| **shade < 20).count(), 3);
    assert!(after.len() == 6 && after.iter().all(|shade| before.contains(shade)));
}
