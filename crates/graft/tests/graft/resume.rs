//! Runs that are interrupted or killed, and gone on with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{FOR_TRAIN, Home, times};

/// A run of about a second, with checkpoints in the middle of its epochs.
const RUN: [&str; 10] = [
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

/// The file of a run's checkpoint of that name.
fn checkpoint(run: &Path, name: &str) -> PathBuf {
    let files = fs::read_dir(run.join("checkpoints")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let is_it = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(name)
    };
    files.find(is_it).unwrap()
}

/// The place of a run's newest checkpoint, in finished epochs and steps since, as its list has it.
pub(crate) fn newest(run: &Path) -> Option<(u64, u64)> {
    let list = fs::read(run.join("checkpoints/manifest.json")).ok()?;
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let newest = list["content"]["last"].as_array().unwrap().first()?;
    let number = |name: &str| newest[name].as_u64().unwrap();
    Some((number("epochs"), number("steps")))
}

/// The checkpoint that a resumed training went on from, by what it said; none where it began anew.
pub(crate) fn gone_on_after(said: &str) -> Option<(u64, u64)> {
    if said.contains("goes on from the start") {
        return None;
    }
    let (_, place) = said.split_once(" goes on after ").unwrap();
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
        if !run.join("SHA256SUMS").exists() && run.join("start.json").exists() {
            let saved = newest(&run);
            let gone_on = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
            gone_on.succeeds();
            assert_eq!(gone_on_after(&gone_on.err), saved);
            resumed += u32::from(saved.is_some());
        }
        if run.join("SHA256SUMS").exists() {
            assert!(
                result(&run) == whole,
                "{}, killed after {kill} parts",
                run.display()
            );
        }
    }
    println!("a training that is killed at any time, and gone on with: from {resumed} checkpoints");
    assert!(resumed >= kills() / 4, "{resumed}");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn what_cannot_be_gone_on_with() {
    let (home, ..) = prepared();
    let run = home.runs()[0].clone();
    let resume = |more: &[&str]| {
        let run = run.to_str().unwrap();
        home.graft(&[&["train", "--json", "--resume", run], more].concat())
    };
    resume(&[]).refuses(1, &["complete", "nothing to go on with"]);
    uncomplete(&run);
    for (key, then, now) in [
        ("training.seed", "42", "7"),
        ("training.batch_size", "16", "32"),
        ("training.learning_rate", "0.001", "0.01"),
        ("data.limit", "700", "600"),
    ] {
        resume(&["--set", &format!("{key}={now}")]).refuses(1, &[key, then, now]);
    }
    resume(&["--checkpoint", "epoch-1"]).refuses(1, &["`epoch-1`", "epoch-020-step-000000"]);

    let last = checkpoint(&run, "epoch-020-step-000000");
    let mut bytes = fs::read(&last).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&last, &bytes).unwrap();
    let earlier = "--checkpoint epoch-019-step-000035";
    resume(&[]).refuses(1, &["epoch-020-step-000000", "expected sha256", earlier]);
    let resumed = resume(&["--checkpoint", "epoch-019-step-000035"]);
    resumed.succeeds();
    let said = "goes on after 19 epochs and 35 steps";
    assert!(resumed.err.contains(said), "{}", resumed.err);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn without_its_list_of_checkpoints_it_goes_on_with_those_that_are_there() {
    let (home, whole, _) = prepared();
    let run = home.runs()[0].clone();
    uncomplete(&run);
    fs::remove_file(checkpoint(&run, "epoch-020-step-000000")).unwrap();
    let list = run.join("checkpoints/manifest.json");
    fs::write(&list, "").unwrap();
    let resumed = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
    resumed.succeeds();
    for said in [
        "manifest.json: EOF",
        "put together anew",
        "goes on after 19 epochs and 35 steps",
    ] {
        assert!(resumed.err.contains(said), "{}", resumed.err);
    }
    assert!(result(&run) == whole);

    // Without any there is nothing to go on with, and nothing is trained in silence.
    uncomplete(&run);
    fs::remove_dir_all(run.join("checkpoints")).unwrap();
    home.graft(&["train", "--json", "--resume", run.to_str().unwrap()])
        .refuses(1, &["checkpoints/manifest.json", "train again"]);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_damaged_checkpoint_of_the_best_epoch_comes_again() {
    let home = Home::with(&FOR_TRAIN);
    let best = arguments(&["--set", "training.keep=best"]);
    home.graft(&best).succeeds();
    let run = home.runs()[0].clone();
    let whole = result(&run);
    uncomplete(&run);
    // The loss falls to the end: the last epoch is the best one, too.
    fs::write(checkpoint(&run, "epoch-020-step-000000"), "").unwrap();
    let resume = ["train", "--json", "--resume", run.to_str().unwrap()];
    let earlier = "epoch-019-step-000035";
    home.graft(&resume)
        .refuses(1, &["epoch-020", &format!("--checkpoint {earlier}")]);
    home.graft(&[&resume[..], &["--checkpoint", earlier]].concat())
        .succeeds();
    assert!(result(&run) == whole);
}
