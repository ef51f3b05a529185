//! A data set is looked over, and trained on as its verdicts say.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Home, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, VGG16, fetched};

const TRAIN: usize = 1200;
const TEST: usize = 100;
/// How heads learn: fast, and well enough.
const RECIPE: [&str; 4] = ["--recipe", "best", "--set", "training.epochs=8"];

/// The first of MNIST's images and labels as IDX files in `folder`, with changes to them.
fn write(folder: &Path, split: [&str; 2], count: usize, change: impl Fn(&mut [u8], &mut [u8])) {
    let [mut images, mut labels] = split.map(|file| fs::read(fetched(file)).unwrap());
    images.truncate(16 + 784 * count);
    labels.truncate(8 + count);
    for file in [&mut images, &mut labels] {
        file[4..8].copy_from_slice(&u32::try_from(count).unwrap().to_be_bytes());
    }
    change(&mut images[16..], &mut labels[8..]);
    for (file, bytes) in split.iter().zip([images, labels]) {
        fs::write(folder.join(Path::new(file).file_name().unwrap()), bytes).unwrap();
    }
}

/// Twelve wrong labels, a copy among the training images, and a test image that is one of them.
fn planted(folder: &Path) -> Vec<usize> {
    let wrong: Vec<usize> = (0..12).map(|number| 100 * number + 13).collect();
    write(
        folder,
        [TRAIN_IMAGES, TRAIN_LABELS],
        TRAIN,
        |images, labels| {
            images.copy_within(784 * 5..784 * 6, 784 * 7);
            labels[7] = labels[5];
            for index in &wrong {
                labels[*index] = (labels[*index] + 3) % 10;
            }
        },
    );
    let train = fs::read(folder.join("train-images-idx3-ubyte")).unwrap();
    write(folder, [TEST_IMAGES, TEST_LABELS], TEST, |images, _| {
        images[784 * 3..784 * 4].copy_from_slice(&train[16 + 784 * 50..16 + 784 * 51]);
    });
    wrong
}

/// The newest audit's folder.
fn newest(home: &Home) -> PathBuf {
    let folders = fs::read_dir(home.root().join("audits")).unwrap();
    folders.map(|entry| entry.unwrap().path()).max().unwrap()
}

/// The places of some images of a group or a list.
fn places(list: &Value) -> Vec<(bool, usize)> {
    let image = |one: &Value| {
        (
            one["is_test"] == true,
            usize::try_from(one["index"].as_u64().unwrap()).unwrap(),
        )
    };
    list.as_array().unwrap().iter().map(image).collect()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn wrong_labels_and_copies_are_found_and_left_out() {
    let home = Home::with(&[VGG16]);
    let folder = tempfile::tempdir().unwrap();
    let wrong = planted(folder.path());
    let source = format!("data.source={}", folder.path().display());
    let common = [&RECIPE[..], &["--set", &source]].concat();

    let audit = [&["audit", "--test", "--json"][..], &common].concat();
    let found: Value = home.graft(&audit).json();
    let training = &found["splits"][0];
    assert_eq!(training["evaluation"]["n"], TRAIN);
    let first = &places(&training["suspects"])[..wrong.len()];
    let hits = first.iter().filter(|(_, index)| wrong.contains(index));
    assert!(hits.count() >= 10, "{first:?}, {wrong:?}");
    let groups: Vec<_> = found["copies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| places(&one["images"]))
        .collect();
    assert_eq!(
        groups,
        [vec![(false, 5), (false, 7)], vec![(false, 50), (true, 3)]]
    );

    let audited = newest(&home);
    for (page, text) in [
        ("audit.html", "What is wrong with"),
        ("audit.zh.html", "数据审查"),
    ] {
        let page = fs::read_to_string(audited.join(page)).unwrap();
        assert!(page.contains(text) && !page.contains("could not be written"));
    }
    // Every training image was judged once.
    let judged = fs::read_to_string(audited.join("training.csv")).unwrap();
    assert_eq!(judged.lines().count(), TRAIN + 1);
    let table = audited.join("labels.csv");
    let rows = fs::read_to_string(&table).unwrap();
    let removed = rows.lines().filter(|row| row.contains(",remove,")).count();
    assert!(removed >= 10 && rows.contains("\n50,") && rows.contains("a test image is the same"));

    // The recipe of a run is enough, and it is the run's alone.
    home.graft(&["audit", "no-such-run"])
        .refuses(1, &["no-such-run"]);
    home.graft(&["audit", "run", "--set", "training.epochs=1"])
        .refuses(2, &["cannot be used with"]);

    // Training leaves them out, on the features that are there.
    let labels = format!("data.labels={}", table.display());
    let train = [
        &[
            "train",
            "--json",
            "--set",
            "data.validation=100",
            "--set",
            &labels,
        ][..],
        &common,
    ]
    .concat();
    let trained: Value = home.graft(&train).json();
    assert_eq!(trained["cache"], "hit");
    let run = home.runs().pop().unwrap();
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(run.join("manifest.json")).unwrap()).unwrap();
    let used =
        manifest["trained_on"].as_u64().unwrap() + manifest["validated_on"].as_u64().unwrap();
    assert_eq!(used, u64::try_from(TRAIN - removed).unwrap());

    // A second look keeps what was decided.
    let again = [&["audit", "--set", &labels][..], &common].concat();
    home.graft(&again).succeeds();
    let second = fs::read_to_string(newest(&home).join("labels.csv")).unwrap();
    assert!(second.starts_with(&rows), "{second}");
    // So does one by the run's own recipe.
    home.graft(&["audit", &run.display().to_string()])
        .succeeds();
    let third = fs::read_to_string(newest(&home).join("labels.csv")).unwrap();
    assert!(third.starts_with(&rows), "{third}");

    // Verdicts on other labels are refused by name.
    let other = rows.replace("\n50,", "\n51,");
    fs::write(&table, other).unwrap();
    home.graft(&train)
        .refuses(1, &["labels.csv", "\"51\"", "graft audit"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn sets_that_tell_nothing_are_said_to() {
    let home = Home::with(&[VGG16]);
    let folder = tempfile::tempdir().unwrap();
    let source = format!("data.source={}", folder.path().display());
    // All images are the same one.
    write(
        folder.path(),
        [TRAIN_IMAGES, TRAIN_LABELS],
        20,
        |images, _| {
            for index in 1..20 {
                images.copy_within(..784, 784 * index);
            }
        },
    );
    let audit = |folds: &str| home.graft(&["audit", "--folds", folds, "--set", &source]);
    audit("1").refuses(1, &["2 to 20 folds", "found 1"]);
    audit("21").refuses(1, &["2 to 20 folds", "found 21"]);
    let same = audit("4");
    same.succeeds();
    assert!(
        same.out
            .contains("groups of copies       1, 1 with different labels"),
        "{}",
        same.out
    );
    // One class.
    write(
        folder.path(),
        [TRAIN_IMAGES, TRAIN_LABELS],
        20,
        |_, labels| labels.fill(4),
    );
    let one = audit("4");
    one.succeeds();
    assert!(
        one.err.contains("no training images of 9 of 10 classes"),
        "{}",
        one.err
    );
}
