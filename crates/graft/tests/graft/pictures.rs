//! Sources of images as people have them: from a folder to a report, what is odd is said, and `predict`
//! answers about a run's own test pictures as `eval` does.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, Rgb, RgbImage};
use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS, VGG16};

/// A data set beside this file's folder.
fn case(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(name);
    format!("data.source={}", folder.display())
}

/// So few steps tell classes apart at a high rate.
const QUICK: [&str; 4] = [
    "--set",
    "training.learning_rate=0.01",
    "--set",
    "training.epochs=3",
];

/// `train` on a source, in a home that has the network.
fn train<'a>(source: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--set", source][..], &QUICK, more].concat()
}

/// What `eval` recorded of every test image: label and predicted class.
fn recorded(home: &Home) -> Vec<(usize, usize)> {
    let run = home.runs().pop().unwrap();
    let csv = fs::read_to_string(run.join("predictions/test.csv")).unwrap();
    let rows = csv.lines().skip(1).map(|line| {
        let fields: Vec<usize> = line
            .split(',')
            .take(3)
            .map(|field| field.parse().unwrap())
            .collect();
        (fields[1], fields[2])
    });
    rows.collect()
}

/// What `predict` says of pictures.
fn predicted(home: &Home, pictures: &[PathBuf]) -> Vec<Value> {
    let paths = pictures.iter().map(|path| path.to_str().unwrap());
    let arguments: Vec<&str> = ["predict", "--json"].into_iter().chain(paths).collect();
    let outcome = home.graft(&arguments);
    outcome.succeeds();
    outcome
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn test_images_of_another_size_are_refused_naming_both() {
    let home = Home::with(&[VGG16]);
    let source = case("other_test_size");
    home.graft(&train(&source, &["--set", "data.validation=20"]))
        .succeeds();
    home.graft(&["eval"])
        .refuses(1, &["28x28", "20x20", "t10k-images"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn classes_that_a_limit_leaves_out_are_named() {
    let home = Home::with(&[VGG16]);
    let limited = ["--set", "data.limit=20", "--set", "data.validation=0"];
    let outcome = home.graft(&train(&case("sorted"), &limited));
    outcome.succeeds();
    assert!(
        outcome
            .err
            .contains("no training images of 8 of 10 classes: 2, 3, 4"),
        "{}",
        outcome.err
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn gzip_files_of_two_members_are_read() {
    let home = Home::with(&[VGG16]);
    let outcome = home.graft(&train(
        &case("two_members"),
        &["--set", "data.validation=20"],
    ));
    outcome.succeeds();
    assert!(
        !outcome.err.contains("no training images"),
        "{}",
        outcome.err
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn dark_digits_on_white_are_predicted_as_they_are_evaluated() {
    let home = Home::with(&[VGG16]);
    let source = case("dark_on_light");
    home.graft(&train(&source, &["--set", "data.validation=20"]))
        .succeeds();
    home.graft(&["eval"]).succeeds();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dark_on_light");
    let mut pictures: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    pictures.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    pictures.sort();
    assert_eq!(pictures.len(), 10);
    // They are the first ten of the test images.
    let evaluated = recorded(&home);
    for (told, (_, class)) in predicted(&home, &pictures).iter().zip(&evaluated) {
        assert_eq!(told["class"], *class);
    }
}

/// Pictures of two classes in folders, of many kinds and sizes: one more red, the other more blue.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..60_u32 {
        let (class, red) = if index % 2 == 0 {
            ("rot & <b>warm", true)
        } else {
            ("青い", false)
        };
        let (width, height) = (30 + index % 17, 40 - index % 13);
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let other = u8::try_from((x * 3 + y * 2 + index * 5) % 90).unwrap();
            Rgb(if red {
                [230, other, 20]
            } else {
                [20, other, 230]
            })
        });
        let endings = ["png", "jpg", "webp", "bmp", "gif", "tiff"];
        let ending = endings[index as usize / 2 % 6];
        let path = folder
            .path()
            .join(class)
            .join(format!("{index:02}.{ending}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(&path).unwrap();
    }
    folder
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_folder_of_pictures_from_training_to_prediction() {
    let (home, folder) = (Home::with(&[VGG16]), folder());
    let source = format!("data.source={}", folder.path().display());
    let broken = folder.path().join("青い/broken.png");
    fs::write(&broken, "no picture").unwrap();
    let refused = train(&source, &[]);
    home.graft(&refused)
        .refuses(1, &["broken.png", "--skip-bad"]);
    assert!(home.runs().is_empty());
    let outcome = home.graft(&train(&source, &["--skip-bad"]));
    outcome.succeeds();
    assert!(
        outcome.err.contains("left out: ") && outcome.err.contains("broken.png"),
        "{}",
        outcome.err
    );
    fs::remove_file(&broken).unwrap();
    let evaluated = home.graft(&["eval", "--json"]).json();
    assert_eq!(evaluated["names"][0], "rot & <b>warm");
    assert_eq!(evaluated["n"], 6);
    let run = home.runs().pop().unwrap();
    let manifest: Value =
        serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["data"]["channels"], 3);
    assert_eq!(
        (&manifest["data"]["classes"], &manifest["data"]["left_out"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (&manifest["trained_on"], &manifest["validated_on"]),
        (&49.into(), &5.into())
    );
    for report in ["report.html", "report.zh.html"] {
        let page = fs::read_to_string(run.join(report)).unwrap();
        assert!(
            page.contains("青い") && page.contains("rot &amp; &lt;b"),
            "{report}"
        );
        assert!(!page.contains("<b>warm"), "{report}");
    }
    // Labs hold out as many pictures as `train` does.
    home.graft(&["lab", "validation", "--set", &source])
        .succeeds();
    // Every picture of the folder, the test's among them: the probabilities are those of the record.
    let all: Vec<PathBuf> = pictures(folder.path());
    let told = predicted(&home, &all);
    let right = all.iter().zip(&told).filter(|(path, told)| {
        path.parent().unwrap().file_name().unwrap().to_str() == told["name"].as_str()
    });
    assert!(right.count() > 54);
    agree(&home, &told, 6);
}

/// Every file below a folder of classes, by its name.
fn pictures(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| fs::read_dir(folder).unwrap().map(|one| one.unwrap().path());
    let mut files: Vec<PathBuf> = inside(folder).flat_map(|class| inside(&class)).collect();
    files.sort_by_key(|path| path.file_name().unwrap().to_owned());
    files
}

/// Of what `predict` said, as many as there are test images have their logits: each is found once.
fn agree(home: &Home, told: &[Value], count: usize) {
    let run = home.runs().pop().unwrap();
    let csv = fs::read_to_string(run.join("predictions/test.csv")).unwrap();
    let probabilities = |line: &str| {
        let logits: Vec<f64> = line
            .split(',')
            .skip(4)
            .map(|field| field.parse().unwrap())
            .collect();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits
            .iter()
            .map(|logit| logit.exp() / sum)
            .collect::<Vec<f64>>()
    };
    let rows: Vec<_> = csv.lines().skip(1).map(probabilities).collect();
    assert_eq!(rows.len(), count);
    for row in &rows {
        let same = told.iter().filter(|told| {
            let found = told["probabilities"].as_array().unwrap();
            let pairs = found.iter().zip(row);
            pairs
                .into_iter()
                .all(|(a, b)| (a.as_f64().unwrap() - b).abs() < 1e-5)
        });
        assert!(same.count() >= 1, "{row:?}");
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_table_of_grey_pictures_with_its_own_test() {
    let (home, folder) = (Home::with(&[VGG16]), tempfile::tempdir().unwrap());
    let mut table = "path,label,split\n".to_owned();
    let mut test = Vec::new();
    for index in 0..40_u8 {
        let class = index % 2;
        let picture = GrayImage::from_fn(28, 28, |x, _| {
            let light = (x < 14) == (class == 0);
            image::Luma([if light { 200 } else { 40 } + index])
        });
        let path = folder.path().join(format!("{index}.png"));
        DynamicImage::from(picture).save(&path).unwrap();
        let split = if index < 30 { "" } else { "test" };
        writeln!(table, "{index}.png,half {class},{split}").unwrap();
        if index >= 30 {
            test.push(path);
        }
    }
    let path = folder.path().join("table.csv");
    fs::write(&path, table).unwrap();
    let source = format!("data.source={}", path.display());
    home.graft(&train(&source, &[])).succeeds();
    home.graft(&["eval"]).succeeds();
    let told = predicted(&home, &test);
    for (told, (_, class)) in told.iter().zip(recorded(&home)) {
        assert_eq!(
            (&told["class"], &told["name"]),
            (&class.into(), &format!("half {class}").into())
        );
    }
    agree(&home, &told, 10);
}

/// The hash of the trained head of the newest run.
fn head(home: &Home) -> String {
    let run = home.runs().pop().unwrap();
    let manifest = fs::read(run.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["head"]["after"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_class_that_is_added_costs_only_its_own_pictures() {
    let files = [&FOR_TRAIN[..], &[TEST_IMAGES, TEST_LABELS]].concat();
    let [home, fresh] = [(); 2].map(|()| Home::with(&files));
    let more = tempfile::tempdir().unwrap();
    for index in 0..30_u8 {
        // One more three, crossed bars for the new class.
        let class = if index == 0 { "3" } else { "bars & <b>" };
        let picture = GrayImage::from_fn(20, 20, |x, y| {
            let bar = x.abs_diff(u32::from(index % 7) + 6) < 2 || y.abs_diff(10) < 2;
            image::Luma([if bar { 255 - index } else { 0 }])
        });
        let path = more.path().join(class).join(format!("{index}.png"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(&path).unwrap();
    }
    let extra = format!("data.extra={}", more.path().display());
    let added = [&["train", "--set", &extra][..], &SMALL].concat();
    home.graft(&[&["train"][..], &SMALL].concat()).succeeds();
    let outcome = home.graft(&added);
    outcome.succeeds();
    // Of thirty pictures three are kept for the test.
    assert!(
        outcome
            .out
            .contains("computed for 27 images, the others' were cached"),
        "{}",
        outcome.out
    );
    fresh.graft(&added).succeeds();
    assert_eq!(head(&home), head(&fresh), "as if all had been computed");
    let evaluated = home.graft(&["eval", "--json"]).json();
    assert_eq!(evaluated["n"], 259);
    assert_eq!(evaluated["names"][10], "bars & <b>");
    let doubted = evaluated["none_of_these"]["images"].as_u64();
    assert!(doubted.unwrap() < 100, "{doubted:?}");
    let page = fs::read_to_string(home.runs().pop().unwrap().join("report.html")).unwrap();
    let source = more.path().display().to_string();
    assert!(page.contains(&source) && page.contains("bars &amp; &lt;b") && !page.contains("<b>\""));
    assert!(page.contains("None of these") && page.contains("class=\"opened\" id=\"cell-"));
    // A new class has to be told again where it is gone.
    fs::remove_dir_all(more.path().join("bars & <b>")).unwrap();
    home.graft(&["eval"])
        .refuses(1, &["8, 9, bars & <b>;", "found those of: 0, 1"]);
}
