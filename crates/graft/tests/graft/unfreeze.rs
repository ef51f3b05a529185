//! Stages that learn with the head.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS};
use crate::resume::{newest, result, uncomplete};

/// Grafted after block 3, learning from block 2 on.
const RUN: [&str; 16] = [
    "--set",
    "backbone.boundary=block3",
    "--set",
    "backbone.unfreeze=block2",
    "--set",
    "data.limit=48",
    "--set",
    "data.validation=16",
    "--set",
    "training.batch_size=16",
    "--set",
    "training.epochs=2",
    "--set",
    "training.learning_rate=0.0003",
    "--set",
    "training.checkpoint_steps=1",
];

/// The record and the trained stages' files of a complete run.
fn stages(run: &Path) -> (Value, [Vec<u8>; 2]) {
    let manifest = fs::read(run.join("manifest.json")).unwrap();
    let files = ["block2", "block3"].map(|stage| {
        let file = run.join("stages").join(format!("{stage}.safetensors"));
        fs::read(file).unwrap()
    });
    (serde_json::from_slice(&manifest).unwrap(), files)
}

/// Views that are computed whenever an epoch sees them are those that would be cached, also in 16 bits, and also where a
/// run that was stopped goes on the other way.
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn views_on_the_fly_are_the_cached_ones() {
    let home = Home::with(&FOR_TRAIN);
    let sets = [
        "backbone.dtype=f16",
        "augmentation.views=2",
        "augmentation.rotate=10",
    ];
    let sets = sets.map(|set| ["--set", set]).concat();
    let train = [&["train", "--json"], &RUN[..], &sets].concat();
    let way = |way| [&train[..], &["--augmentation", way]].concat();
    let run = |trained: Value| PathBuf::from(trained["run"].as_str().unwrap());
    let on_the_fly = run(home.graft(&way("on-the-fly")).json());
    assert_eq!(home.cached().len(), 1, "the images themselves");
    let expected = (result(&on_the_fly), stages(&on_the_fly).1);

    let before = home.runs();
    let mut stopped = home.command(&way("on-the-fly"));
    stopped.env("GRAFT_FAULT", "rename:8:KILL");
    assert_eq!(stopped.output().unwrap().status.code(), None);
    let stopped = home
        .runs()
        .into_iter()
        .find(|run| !before.contains(run))
        .unwrap();
    let resume = [
        "--resume",
        stopped.to_str().unwrap(),
        "--augmentation",
        "cached",
    ];
    home.graft(&[&["train", "--json"], &resume[..]].concat())
        .succeeds();
    assert_eq!(home.cached().len(), 2);
    assert!((result(&stopped), stages(&stopped).1) == expected);

    let cached = run(home.graft(&way("cached")).json());
    assert!((result(&cached), stages(&cached).1) == expected);

    let plan = ["plan", "--json", "--augmentation", "on-the-fly"];
    let plan = home.graft(&[&plan[..], &RUN[..], &sets].concat()).json();
    let options = plan["options"].as_array().unwrap();
    let views: Vec<_> = options.iter().map(|option| &option["views"]).collect();
    assert_eq!(views, ["cached", "on-the-fly"]);
    assert!(
        options
            .iter()
            .all(|option| option["seconds"].as_f64().unwrap() > 0.0)
    );
    let bytes = [&cached, &on_the_fly].map(|run| stages(run).0["features_bytes"].clone());
    assert_eq!(
        [&options[0], &options[1]].map(|option| option["features_bytes"].clone()),
        bytes
    );
    let found = home
        .graft(&[&["find-rate", "--json", "-o", "curve.svg"], &RUN[..]].concat())
        .json();
    assert!(found["trials"].as_array().unwrap().len() > 20, "{found}");
    let curve = fs::read_to_string(home.root().join("curve.svg")).unwrap();
    assert!(curve.starts_with("<svg"));
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn stages_learn_are_resumed_evaluated_and_predict() {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let train = [&["train", "--json"], &RUN[..]].concat();
    let trained = home.graft(&train).json();
    let run = PathBuf::from(trained["run"].as_str().unwrap());
    let (manifest, files) = stages(&run);
    // What is frozen is what it was, what learned is not, and the record says which is which.
    let proof = manifest["backbone"]["stages"].as_array().unwrap();
    let told = proof.iter().map(|stage| {
        let moved = stage["before"] != stage["after"];
        (
            stage["stage"].as_str().unwrap(),
            stage["trained"] == true,
            moved,
        )
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            ("block1", false, false),
            ("block2", true, true),
            ("block3", true, true)
        ]
    );
    let layers = manifest["layers"].as_array().unwrap();
    let part = |name: &str| {
        let layer = layers.iter().find(|layer| layer["name"] == name).unwrap();
        layer["part"].as_str().unwrap()
    };
    let parts = ["conv1_1", "conv2_1", "conv3_3", "conv4_1"].map(part);
    assert_eq!(parts, ["frozen", "trained", "trained", "removed"]);
    let pretrained = fs::read(home.model("vgg16/block3.safetensors")).unwrap();
    assert_ne!(files[1], pretrained);
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("trained further"));

    // Stopped in the middle of its second epoch and resumed, it ends the same.
    let whole = (result(&run), files);
    let before = home.runs();
    let mut command = home.command(&train);
    // Renamed are recipe and first checkpoint, two after steps, latest and best after the epoch, one
    // after a step, and then the next.
    command.env("GRAFT_FAULT", "rename:8:KILL");
    assert_eq!(command.output().unwrap().status.code(), None);
    let stopped = home.runs().into_iter().find(|run| !before.contains(run));
    let stopped = stopped.unwrap();
    assert_eq!(newest(&stopped), Some((1, 1)));
    assert!(!stopped.join("SHA256SUMS").exists());
    let resume = ["train", "--json", "--resume", stopped.to_str().unwrap()];
    home.graft(&resume).succeeds();
    assert!((result(&stopped), stages(&stopped).1) == whole);

    // Evaluated and predicting with the trained stages.
    let evaluated = home
        .graft(&["eval", "--json", run.to_str().unwrap()])
        .json();
    assert_eq!(evaluated["n"], 48);
    let picture = home.root().join("7.png");
    image::GrayImage::from_fn(40, 40, |x, y| {
        let ink = (6..10).contains(&y) && (8..30).contains(&x)
            || (24..28).contains(&x) && y > 8 && y < 36;
        image::Luma([if ink { 255 } else { 0 }])
    })
    .save(&picture)
    .unwrap();
    let predict = ["predict", "--json", run.to_str().unwrap(), "7.png"];
    let predicted = home.graft(&predict).json();
    assert_eq!(predicted["probabilities"].as_array().unwrap().len(), 10);
    // Without them it does neither.
    fs::write(run.join("stages/block2.safetensors"), "").unwrap();
    let damaged = ["block2.safetensors", "expected sha256"];
    home.graft(&predict).refuses(1, &damaged);
    home.graft(&["eval", run.to_str().unwrap()])
        .refuses(1, &damaged);
    uncomplete(&stopped);
    home.graft(&[&resume[..], &["--set", "backbone.unfreeze=block3"]].concat())
        .refuses(1, &["backbone.unfreeze", "block2", "block3"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn features_may_be_the_images_themselves() {
    let home = Home::with(&FOR_TRAIN);
    let train = [
        "train",
        "--json",
        "--set",
        "backbone.boundary=block1",
        "--set",
        "backbone.unfreeze=block1",
        "--set",
        "data.limit=24",
        "--set",
        "data.validation=8",
        "--set",
        "training.epochs=1",
    ];
    let trained = home.graft(&train).json();
    let manifest = fs::read(Path::new(trained["run"].as_str().unwrap()).join("manifest.json"));
    let manifest: Value = serde_json::from_slice(&manifest.unwrap()).unwrap();
    assert_eq!(manifest["cache"]["key"]["boundary"], "images");
    let proof = manifest["backbone"]["stages"].as_array().unwrap();
    assert_eq!(proof.len(), 1);
    assert_eq!(
        (&proof[0]["stage"], &proof[0]["trained"]),
        (&"block1".into(), &true.into())
    );
    home.train(&[
        "--set",
        "backbone.boundary=block2",
        "--set",
        "backbone.unfreeze=block3",
    ])
    .refuses(
        1,
        &[
            "backbone.unfreeze",
            "up to backbone.boundary",
            "block2",
            "block3",
        ],
    );
}
