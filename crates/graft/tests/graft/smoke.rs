//! From images to an evaluation and a prediction, on real digits and real weights, in seconds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS};

fn folder(run: &serde_json::Value) -> PathBuf {
    PathBuf::from(run["run"].as_str().unwrap())
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn train_eval_predict() {
    // The test set is not there while training, so training cannot have opened it.
    let home = Home::with(&FOR_TRAIN);
    let recipe = [
        "training.learning_rate=0.01",
        "training.keep=best",
        "head.normalise=standardise",
    ];
    let trained = home
        .train(&recipe.map(|set| ["--set", set]).concat())
        .json();
    assert_eq!(trained["cache"], "miss");
    assert!(trained["images_per_second"].as_f64().unwrap() > 0.0);
    assert!(
        trained["train"]["accuracy"].as_f64().unwrap() > 0.8,
        "{trained}"
    );
    assert!(
        trained["validation"]["accuracy"].as_f64().unwrap() > 0.6,
        "{trained}"
    );
    check_record(&folder(&trained));

    home.graft(&["eval"]).refuses(1, &[TEST_IMAGES, "fetch"]);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let evaluated = home.graft(&["eval", "--json"]).json();
    check_evaluation(&evaluated);
    assert!(folder(&trained).join("evaluation.json").exists());

    let digit = picture(&home);
    let predicted = home.graft(&["predict", &digit, "--json"]).json();
    assert_eq!(predicted["class"], 7);
    assert_eq!(predicted["probabilities"].as_array().unwrap().len(), 10);
    let name = folder(&trained)
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let named = home.graft(&["predict", &name, &digit]);
    assert!(named.out.contains("  7  ["), "{named:?}");
}

/// The proofs: a backbone that did not move and a head that did.
fn check_record(run: &Path) {
    let read = |name: &str| fs::read_to_string(run.join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(
        manifest["backbone"]["before"],
        manifest["backbone"]["after"]
    );
    assert_ne!(manifest["head"]["before"], manifest["head"]["after"]);
    assert_eq!(
        (&manifest["trained_on"], &manifest["validated_on"]),
        (&224.into(), &32.into())
    );
    assert_eq!(read("metrics.jsonl").lines().count(), 10);
    assert!(read("recipe.toml").contains("learning_rate = 0.01"));
}

fn check_evaluation(evaluated: &serde_json::Value) {
    let number = |key: &str| evaluated[key].as_f64().unwrap();
    assert_eq!(evaluated["n"], 256);
    assert!((number("accuracy") - number("correct") / 256.0).abs() < 1e-12);
    assert!(number("accuracy") > 0.6, "{evaluated}");
    let interval = &evaluated["interval"];
    assert!(interval["low"].as_f64().unwrap() < number("accuracy"));
    assert!(interval["high"].as_f64().unwrap() > number("accuracy"));
    let confusion = evaluated["confusion"].as_array().unwrap();
    let total: u64 = confusion
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(total, 256);
    assert_eq!(evaluated["halves"][0]["n"], 128);
}

/// The first test image, a 7, as a PNG file.
fn picture(home: &Home) -> String {
    let pixels = fs::read(home.model(TEST_IMAGES)).unwrap()[16..16 + 784].to_vec();
    let path = home.root().join("a digit.png");
    image::GrayImage::from_raw(28, 28, pixels)
        .unwrap()
        .save(&path)
        .unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_same_seed_gives_the_same_bits() {
    let home = Home::with(&FOR_TRAIN);
    let first = home.train(&[]).json();
    assert_eq!(home.train(&[]).json()["cache"], "hit");
    home.graft(&["cache", "clear"]);
    let again = home.train(&[]).json();
    assert_eq!(again["cache"], "miss");
    let head = |run| fs::read(folder(run).join("head.safetensors")).unwrap();
    assert_eq!(head(&first), head(&again));
    let other = home.train(&["--set", "training.seed=7"]).json();
    assert_eq!(other["cache"], "hit");
    assert_ne!(head(&first), head(&other));
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn fetch_brings_the_weights_too() {
    let home = Home::new();
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    home.graft(&["fetch", "--from", fetched.to_str().unwrap()])
        .succeeds();
    for file in [
        "mnist/train-images-idx3-ubyte",
        TEST_LABELS,
        "vgg16/weights.json",
        "vgg16/block5.safetensors",
    ] {
        assert!(home.model(file).exists(), "{file}");
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_name_that_is_not_unicode_is_no_obstacle() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let home = Home::with(&FOR_TRAIN);
    let odd = home.root().join(OsStr::from_bytes(b"odd \xff name"));
    fs::create_dir(&odd).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_graft"));
    command
        .args(["train", "--json", "--offline", "--from"])
        .arg(odd)
        .args(crate::harness::SMALL);
    let output = command.env("GRAFT_HOME", home.root()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn engines_agree_and_are_told_apart() {
    let home = Home::with(&FOR_TRAIN);
    let fast = home.train(&["--engine", "winograd"]).json();
    let burn = home.train(&["--engine", "burn"]).json();
    assert_eq!(
        (&fast["cache"], &burn["cache"]),
        (&"miss".into(), &"miss".into())
    );
    assert_eq!(fast["backbone"], burn["backbone"]);
    let loss = |run: &serde_json::Value| run["validation"]["loss"].as_f64().unwrap();
    assert!((loss(&fast) - loss(&burn)).abs() < 1e-4, "{fast} {burn}");
    assert_eq!(home.train(&[]).json()["cache"], "hit");
    let halves = home.train(&["--set", "backbone.dtype=f16"]).json();
    assert_eq!(halves["cache"], "miss");
    assert!(
        (loss(&fast) - loss(&halves)).abs() < 1e-2,
        "{fast} {halves}"
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_benchmark_says_what_it_measured() {
    let home = Home::with(&FOR_TRAIN);
    let small = [
        "--sizes",
        "32,33",
        "--batches",
        "2,4",
        "--seconds",
        "0",
        "--no-train",
        "--json",
    ];
    let report = home.graft(&[&["bench"], &small[..]].concat()).json();
    let rows = report["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2 * 2 * 5);
    for key in ["size", "batch", "block", "images_per_second", "gflops"] {
        assert!(
            rows.iter().all(|row| row[key].as_f64().unwrap() > 0.0),
            "{key}"
        );
    }
    assert!(report["images_per_second"].as_f64().unwrap() > 0.0);
    assert!(report["gemm_peak_gflops"].as_f64().unwrap() > 0.0);
    assert!(home.cached().is_empty() && home.runs().is_empty());
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn one_thread_and_two_end_in_the_same_head() {
    let home = Home::with(&FOR_TRAIN);
    let heads = ["1", "2"].map(|threads| {
        home.graft(&["cache", "clear"]).succeeds();
        let mut command = home.command(&[&["train", "--json"], &SMALL[..]].concat());
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        let trained: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(trained["cache"], "miss");
        trained["head"].clone()
    });
    assert_eq!(heads[0], heads[1]);
}
