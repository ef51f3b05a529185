//! What a run leaves behind: figures that other programs find too, lists, and comparisons.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, TEST_IMAGES, TEST_LABELS};

/// Everything that `train` and `eval` need.
fn home() -> Home {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    home
}

/// Trains and evaluates a run, and returns its folder.
fn measured(home: &Home, more: &[&str]) -> PathBuf {
    let trained = home.train(more).json();
    let run = trained["run"].as_str().unwrap();
    home.graft(&["eval", run]).succeeds();
    run.into()
}

fn name(run: &Path) -> &str {
    run.file_name().unwrap().to_str().unwrap()
}

fn check_metrics(run: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/check_metrics.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(run).output().unwrap()
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn another_program_finds_the_same_figures() {
    let home = home();
    let run = measured(&home, &["--set", "training.keep=best"]);
    let checked = check_metrics(&run);
    assert!(checked.status.success(), "{checked:?}");
    assert!(String::from_utf8_lossy(&checked.stdout).contains("256 test images"));

    let manifest = fs::read(run.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    // The commit is that of the build: no git is asked for it now.
    let built = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../.git")
        .exists();
    let without_git = home.graft_with(
        &[
            "train",
            "--json",
            "--set",
            "data.limit=256",
            "--set",
            "data.validation=32",
        ],
        &[("PATH", "")],
    );
    let other = PathBuf::from(without_git.json()["run"].as_str().unwrap());
    let other = fs::read(other.join("manifest.json")).unwrap();
    let other: Value = serde_json::from_slice(&other).unwrap();
    assert_eq!(other["commit"], manifest["commit"]);
    let commit = manifest["commit"]
        .as_str()
        .map(|commit| commit.trim_end_matches("-dirty"));
    let is_hash = |hash: &str| hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    assert_eq!(commit.is_some_and(is_hash), built, "{commit:?}");

    for (version, begins) in [("burn", "0."), ("rustc", "rustc 1.")] {
        let found = manifest["machine"][version].as_str().unwrap();
        assert!(found.starts_with(begins), "{version}: {found}");
    }

    // And would notice if they were others.
    let path = run.join("evaluation.json");
    let original: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for figure in ["accuracy", "loss", "brier", "ece", "n"] {
        let mut changed = original.clone();
        let number = original[figure].as_f64().unwrap();
        changed[figure] = (number + 1e-8).into();
        fs::write(&path, changed.to_string()).unwrap();
        let checked = check_metrics(&run);
        let said = String::from_utf8_lossy(&checked.stderr);
        assert_eq!(checked.status.code(), Some(1), "{figure}: {checked:?}");
        assert!(
            said.contains(&format!("evaluation.json: {figure}")),
            "{said}"
        );
    }
}

/// The mean loss of a predictions file, and the classes that it says.
fn said(run: &Path, split: &str) -> (f64, Vec<String>) {
    let text = fs::read_to_string(run.join(format!("predictions/{split}.csv"))).unwrap();
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(String::from).collect())
        .collect();
    let loss = |row: &Vec<String>| {
        let logits: Vec<f64> = row[4..].iter().map(|cell| cell.parse().unwrap()).collect();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        sum.ln() - logits[row[1].parse::<usize>().unwrap()]
    };
    let total: f64 = rows.iter().map(loss).sum();
    let count = f64::from(u32::try_from(rows.len()).unwrap());
    (
        total / count,
        rows.into_iter().map(|row| row[2].clone()).collect(),
    )
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn calibration_lowers_the_loss_on_what_was_held_out_and_changes_no_class() {
    let home = home();
    let plain = measured(&home, &[]);
    let calibrated = measured(&home, &["--set", "training.calibrate=true"]);
    let checked = check_metrics(&calibrated);
    assert!(checked.status.success(), "{checked:?}");
    let (before, after) = (said(&plain, "validation"), said(&calibrated, "validation"));
    assert!(after.0 < before.0, "{} to {}", before.0, after.0);
    assert_eq!(before.1, after.1);
    assert_eq!(said(&plain, "test").1, said(&calibrated, "test").1);
    let report = fs::read_to_string(calibrated.join("report.html")).unwrap();
    assert!(report.contains("temperature scaling"));
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn runs_are_listed_with_their_state() {
    let home = home();
    assert!(home.graft(&["runs"]).out.contains("0 runs in"));
    let run = measured(&home, &[]);
    let second = home.train(&["--set", "data.validation=0"]).json();
    let second = PathBuf::from(second["run"].as_str().unwrap());
    let third = measured(&home, &[]);
    fs::create_dir(home.root().join("runs/2999-begun")).unwrap();
    fs::write(third.join("predictions/test.csv"), "index,label").unwrap();

    let listed = home.graft(&["runs", "--json"]).json();
    let listed = listed["runs"].as_array().unwrap();
    let states: Vec<_> = listed
        .iter()
        .map(|run| run["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["complete", "complete", "damaged", "incomplete"]);
    assert_eq!(listed[0]["name"], name(&run));
    assert_eq!(listed[0]["test"]["n"], 256);
    assert_eq!(listed[0]["validation"]["n"], 32);
    assert_eq!(
        (&listed[1]["validation"], &listed[1]["test"]),
        (&Value::Null, &Value::Null)
    );
    assert!(listed[2].get("test").is_none(), "{listed:?}");
    let table = home.graft(&["runs"]);
    for part in [
        "none held out",
        "not evaluated",
        "test.csv: expected sha256",
        name(&second),
    ] {
        assert!(
            table.out.contains(part),
            "{part:?} is missing in {}",
            table.out
        );
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn runs_are_compared_image_by_image() {
    let home = home();
    let first = measured(&home, &[]);
    let second = measured(&home, &["--set", "training.learning_rate=0.01"]);
    let fewer = measured(&home, &["--set", "data.limit=200"]);
    let unmeasured = home.train(&[]).json();
    let unmeasured = PathBuf::from(unmeasured["run"].as_str().unwrap());

    let names = [&first, &second, &fewer, &unmeasured].map(|run| name(run));
    let compared = home
        .graft(&[&["compare", "--json"], &names[..]].concat())
        .json();
    let keys: Vec<_> = compared["recipe"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["key"])
        .collect();
    assert_eq!(keys, ["data.limit", "training.learning_rate"]);
    let pairs = compared["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 6);
    let paired = &pairs[0]["paired"];
    let accuracy = |run: usize| compared["runs"][run]["test"]["accuracy"].as_f64().unwrap();
    let difference = paired["difference"].as_f64().unwrap();
    assert!(
        (difference - (accuracy(1) - accuracy(0))).abs() < 1e-12,
        "{compared}"
    );
    assert!(paired["low"].as_f64().unwrap() <= difference);
    let p = paired["p"].as_f64().unwrap();
    assert!(p > 0.0 && p <= 1.0, "{p}");
    let why = |pair: usize| pairs[pair]["not_comparable"].as_str().unwrap();
    assert!(why(1).contains("256 and on 200 test images"), "{}", why(1));
    assert!(why(2).contains("run `eval`"), "{}", why(2));

    let text = home.graft(&["compare", names[0], names[1]]);
    for part in [names[0], "training.learning_rate", "B against A", "McNemar"] {
        assert!(
            text.out.contains(part),
            "{part:?} is missing in {}",
            text.out
        );
    }
    home.graft(&["compare", names[0]]).refuses(2, &["RUN"]);
    home.graft(&["compare", names[0], "missing"])
        .refuses(1, &["missing"]);
    fs::remove_file(second.join("predictions/train.csv")).unwrap();
    home.graft(&["compare", names[0], names[1]])
        .refuses(1, &["train.csv is missing", "train again"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_resumed_run_tells_tensorboard_every_epoch_once() {
    let home = Home::with(&FOR_TRAIN);
    let run = PathBuf::from(home.train(&[]).json()["run"].as_str().unwrap());
    let events = |run: &Path| {
        let files = fs::read_dir(run).unwrap().map(|file| file.unwrap().path());
        let events = |path: &PathBuf| path.to_str().unwrap().contains("events.out.tfevents.");
        let files: Vec<_> = files.filter(events).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        fs::read(&files[0]).unwrap()
    };
    let whole = events(&run);
    // As if it had been killed before the end.
    for file in ["SHA256SUMS", "manifest.json", "head.safetensors"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    let resume = ["train", "--json", "--resume", run.to_str().unwrap()];
    let resumed = home.graft(&[&resume[..], &["--checkpoint", "best"]].concat());
    resumed.succeeds();
    // The same but for the times, which have a fixed length.
    let again = events(&run);
    assert_eq!(whole.len(), again.len());
    assert_ne!(whole, again);
    assert!(home.graft(&["runs"]).out.contains("not evaluated"));
}
