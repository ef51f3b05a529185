//! `graft predict` on many pictures: one line each, whatever is wrong with some.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS, files};

fn lines(out: &str) -> Vec<Value> {
    let lines = out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn folders_and_files_have_a_line_each_and_a_bad_one_stops_none() {
    let home = Home::with(&FOR_TRAIN);
    home.train(&[]).json();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataset/tests/cases");
    let folder = home.root().join("pictures");
    fs::create_dir_all(folder.join("more")).unwrap();
    for (name, to) in [
        ("three.png", "b.png"),
        ("blank.png", "a.png"),
        ("three_motion.jpg", "more/c.JPG"),
    ] {
        fs::copy(cases.join(name), folder.join(to)).unwrap();
    }
    fs::write(folder.join("notes.txt"), "no picture").unwrap();
    fs::copy(cases.join("three_frame.png"), home.root().join("d.png")).unwrap();

    let told = home.graft(&["predict", "pictures", "d.png", "--json", "--show=seen"]);
    told.refuses(1, &["1 of 4 pictures"]);
    let told = lines(&told.out);
    let images: Vec<_> = told
        .iter()
        .map(|line| line["image"].as_str().unwrap())
        .collect();
    assert_eq!(
        images,
        [
            "pictures/a.png",
            "pictures/b.png",
            "pictures/more/c.JPG",
            "d.png"
        ]
    );
    let error = told[0]["error"].as_str().unwrap();
    assert!(error.contains("no ink found"), "{error}");
    // What the model saw is in the line and in the file.
    let seen = image::open(home.root().join("seen/b.png"))
        .unwrap()
        .to_luma8();
    let rows: Vec<Vec<u8>> = serde_json::from_value(told[1]["pixels"].clone()).unwrap();
    assert_eq!((rows.len(), rows.concat()), (28, seen.into_raw()));
    assert_eq!(files(&home.root().join("seen")).len(), 3);

    let shown = home.graft(&["predict", "pictures", "d.png"]);
    shown.refuses(1, &["a.png: no ink found"]);
    assert_eq!(shown.out.lines().count(), 3, "{}", shown.out);
    home.graft(&["predict", "d.png", "pictures/b.png"])
        .succeeds();
    fs::create_dir(home.root().join("empty")).unwrap();
    for empty in [Path::new("empty"), &home.root().join("empty")] {
        let empty = empty.to_str().unwrap();
        home.graft(&["predict", empty])
            .refuses(1, &["no pictures in", empty]);
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn mnists_own_images_get_what_eval_gives_them() {
    let home = Home::with(&[&FOR_TRAIN[..], &[TEST_IMAGES, TEST_LABELS]].concat());
    let run = home.train(&[]).json()["run"].as_str().unwrap().to_owned();
    home.graft(&["eval", "--json"]).json();
    let bytes = fs::read(home.model(TEST_IMAGES)).unwrap();
    let folder = home.root().join("digits");
    fs::create_dir(&folder).unwrap();
    for (index, pixels) in bytes[16..].chunks_exact(784).take(256).enumerate() {
        let digit = image::GrayImage::from_vec(28, 28, pixels.to_vec()).unwrap();
        digit.save(folder.join(format!("{index:03}.png"))).unwrap();
    }
    let told = home.graft(&["predict", "digits", "--json"]);
    told.succeeds();
    let csv = fs::read_to_string(Path::new(&run).join("predictions/test.csv")).unwrap();
    let expected = csv.lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        fields[2].parse::<u64>().unwrap()
    });
    let classes = lines(&told.out)
        .into_iter()
        .map(|line| line["class"].as_u64().unwrap());
    let (expected, classes): (Vec<_>, Vec<_>) = (expected.collect(), classes.collect());
    assert_eq!((classes.len(), &classes), (256, &expected));
}
