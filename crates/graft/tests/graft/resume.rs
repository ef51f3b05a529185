//! Runs that are interrupted or killed, and resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{FOR_TRAIN, Home, times};

/// A run of about a second, with checkpoints in the middle of its epochs, which see views in turn.
const RUN: [&str; 14] = [
    "--set",
    "augmentation.views=3",
    "--set",
    "augmentation.rotate=15",
    "--set",
    "data.limit=700",
    "--set",
    "data.validation=100",
    "--set",
    "training.epochs=20",
    "--set",
    "training.checkpoint_steps=7",
    "--set",
    "training.batch_size=16",
];

/// How often the run is killed.
fn kills() -> u32 {
    20 * times()
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--json"], &RUN[..], more].concat()
}

/// The head and the metrics of a complete run, apart from the seconds.
pub(crate) fn result(run: &Path) -> (Vec<u8>, Vec<String>) {
    let metrics = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let lines = metrics
        .lines()
        .map(|line| line.split(",\"seconds\"").next().unwrap().to_owned());
    (
        fs::read(run.join("head.safetensors")).unwrap(),
        lines.collect(),
    )
}

/// A home whose features are cached, and what the run that is never stopped ends in.
fn prepared() -> (Home, (Vec<u8>, Vec<String>), Duration) {
    let home = Home::with(&FOR_TRAIN);
    home.graft(&arguments(&[])).succeeds();
    let started = Instant::now();
    home.graft(&arguments(&[])).succeeds();
    let took = started.elapsed();
    let whole = result(home.runs().last().unwrap());
    (home, whole, took)
}

/// A run's checkpoint of that name.
pub(crate) fn checkpoint(run: &Path, name: &str) -> PathBuf {
    run.join("checkpoints").join(name)
}

/// The place of a run's checkpoint, in finished epochs and steps since, as its first line has it.
pub(crate) fn place(run: &Path, name: &str) -> Option<(u64, u64)> {
    let bytes = fs::read(checkpoint(run, name)).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap();
    let line: serde_json::Value = serde_json::from_slice(line).unwrap();
    let number = |name: &str| line[name].as_u64().unwrap();
    Some((number("epochs"), number("steps")))
}

/// The place of a run's newest checkpoint.
pub(crate) fn newest(run: &Path) -> Option<(u64, u64)> {
    place(run, "latest")
}

/// The checkpoint that a training was resumed from, by what it said.
#[expect(
    clippy::unnecessary_wraps,
    reason = "compared with what `newest` yields"
)]
pub(crate) fn resumed_after(said: &str) -> Option<(u64, u64)> {
    let (_, place) = said.split_once(" is resumed after ").unwrap();
    let mut numbers = place.split(' ').filter_map(|word| word.parse().ok());
    Some((numbers.next().unwrap(), numbers.next().unwrap()))
}

/// Makes a complete run what it was before its training had ended.
pub(crate) fn uncomplete(run: &Path) {
    for file in ["SHA256SUMS", "manifest.json", "head.safetensors"] {
        fs::remove_file(run.join(file)).unwrap();
    }
}

fn start(home: &Home) -> Child {
    home.command(&arguments(&[])).spawn().unwrap()
}

/// The run that a stopped process left, if it got as far as making one.
pub(crate) fn unfinished(home: &Home, before: &[PathBuf]) -> Option<PathBuf> {
    home.runs().into_iter().find(|run| !before.contains(run))
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn killed_anywhere_it_ends_the_same() {
    let (home, whole, took) = prepared();
    let mut resumed = 0;
    for kill in 0..kills() {
        let before = home.runs();
        let mut child = start(&home);
        thread::sleep(took * kill / kills());
        child.kill().unwrap();
        child.wait().unwrap();
        let Some(run) = unfinished(&home, &before) else {
            continue;
        };
        let saved = newest(&run);
        if !run.join("SHA256SUMS").exists() && saved.is_some() {
            let again = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
            again.succeeds();
            assert_eq!(resumed_after(&again.err), saved);
            resumed += u32::from(saved > Some((0, 0)));
        }
        if run.join("SHA256SUMS").exists() {
            assert!(
                result(&run) == whole,
                "{}, killed after {kill} parts",
                run.display()
            );
        }
    }
    println!("a training that is killed at any time, and resumed: from {resumed} checkpoints");
    assert!(resumed >= kills() / 4, "{resumed}");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_cannot_be_resumed() {
    let (home, whole, _) = prepared();
    let run = home.runs()[0].clone();
    let resume = |more: &[&str]| {
        let run = run.to_str().unwrap();
        home.graft(&[&["train", "--json", "--resume", run], more].concat())
    };
    resume(&[]).refuses(1, &["complete", "nothing to resume"]);
    uncomplete(&run);
    for (key, then, now) in [
        ("training.seed", "42", "7"),
        ("training.batch_size", "16", "32"),
        ("training.learning_rate", "0.001", "0.01"),
        ("data.limit", "700", "600"),
    ] {
        resume(&["--set", &format!("{key}={now}")]).refuses(1, &[key, then, now]);
    }
    resume(&["--checkpoint", "epoch-1"]).refuses(2, &["epoch-1", "latest or best"]);

    // The best was saved before, and is whole.
    let (best, _) = place(&run, "best").unwrap();
    let latest = checkpoint(&run, "latest");
    let mut bytes = fs::read(&latest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&latest, &bytes).unwrap();
    let offer = format!("after epoch {best} is whole: resume with --checkpoint best");
    resume(&[]).refuses(1, &["checkpoints/latest", "expected sha256", &offer]);
    let resumed = resume(&["--checkpoint", "best"]);
    resumed.succeeds();
    assert_eq!(resumed_after(&resumed.err), Some((best, 0)));
    assert!(result(&run) == whole);

    // With neither of them nothing is trained in silence.
    uncomplete(&run);
    fs::write(&latest, &bytes).unwrap();
    fs::write(checkpoint(&run, "best"), "").unwrap();
    resume(&[]).refuses(1, &["checkpoints/latest", "train again"]);
    resume(&["--checkpoint", "best"]).refuses(1, &["checkpoints/best", "train again"]);
    fs::remove_dir_all(run.join("checkpoints")).unwrap();
    resume(&[]).refuses(1, &["no checkpoint", "train again"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn resumed_from_its_best_epoch_it_ends_the_same() {
    let home = Home::with(&FOR_TRAIN);
    // At this rate the best epoch is none of the last.
    let best = arguments(&[
        "--set",
        "training.keep=best",
        "--set",
        "training.learning_rate=0.05",
    ]);
    let trained = home.graft(&best).json();
    let run = home.runs()[0].clone();
    let whole = result(&run);
    let kept = trained["kept_epoch"].as_u64().unwrap();
    assert!(kept < 20, "{kept}");
    assert_eq!(place(&run, "best"), Some((kept, 0)));
    for from in ["latest", "best"] {
        uncomplete(&run);
        let resume = ["train", "--json", "--resume", run.to_str().unwrap()];
        let resumed = home.graft(&[&resume[..], &["--checkpoint", from]].concat());
        assert_eq!(resumed.json()["kept_epoch"], kept, "{from}");
        assert!(result(&run) == whole, "{from}");
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_resumed_run_reports_the_time_of_all_its_parts() {
    let home = Home::with(&FOR_TRAIN);
    let first = home.graft(&arguments(&[])).json();
    let run = home.runs()[0].clone();
    uncomplete(&run);
    let again = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
    let again = again.json();
    for key in ["seconds", "head"] {
        let of = |summary: &serde_json::Value| match key {
            "seconds" => summary["seconds"].as_f64().unwrap(),
            stage => summary["stages"][stage].as_f64().unwrap(),
        };
        // All but what came after the last checkpoint.
        assert!(
            of(&again) > 0.5 * of(&first),
            "{key}: {again} after {first}"
        );
    }
    let features = |summary: &serde_json::Value| summary["stages"]["features"].as_f64().unwrap();
    assert!(features(&again) > features(&first), "{again} after {first}");
}
