//! Signals that ask to stop: what is saved then, how it is resumed, and that a second one does
//! not wait.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::features::finished_shards;
use crate::harness::{FOR_TRAIN, Home, Outcome, SMALL, TEST_IMAGES, TEST_LABELS};
use crate::resume::{newest, result, resumed_after, unfinished};

/// The signals, and the exit codes that tell of them.
const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];
/// How often it is tried to send one at the right moment.
const TRIES: usize = 30;

/// Two seconds are promised; the tests beside this one share the CPU.
const SOON: Duration = Duration::from_secs(2);

/// Epochs of 150 steps, with checkpoints at their ends only.
const RUN: [&str; 10] = [
    "train",
    "--json",
    "--set",
    "data.limit=700",
    "--set",
    "data.validation=100",
    "--set",
    "training.batch_size=4",
    "--set",
    "training.checkpoint_steps=0",
];

/// Features of block 1, which are 64 KiB an image: a shard has those of 256.
const FEATURES: [&str; 5] = [
    "extract",
    "--set",
    "data.limit=2500",
    "--set",
    "backbone.boundary=block1",
];

fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(sent.is_ok());
}

fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts `arguments`, sends `signal` as soon as `is_time`, and says how it ended; nothing where it
/// had ended before.
fn stopped(
    home: &Home,
    arguments: &[&str],
    signal: &str,
    is_time: impl Fn() -> bool,
) -> Option<Outcome> {
    let mut child = home.command(arguments).spawn().unwrap();
    while !is_time() {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let asked = Instant::now();
    send(signal, &child);
    let outcome = ended(child);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    (outcome.code != Some(0)).then_some(outcome)
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_training_is_saved_within_its_epoch_and_resumed() {
    let home = Home::with(&FOR_TRAIN);
    home.graft(&RUN).succeeds();
    let whole = result(&home.runs()[0]);
    for (signal, code) in SIGNALS {
        let within = |_| {
            let before = home.runs();
            let run = || unfinished(&home, &before);
            let has_checkpoint = || run().is_some_and(|run| newest(&run) > Some((0, 0)));
            let outcome = stopped(&home, &RUN, signal, has_checkpoint)?;
            let (run, path) = (run().unwrap(), run().unwrap());
            outcome.refuses(code, &["interrupted", "--resume", path.to_str().unwrap()]);
            // Once in 150 times it is the end of an epoch.
            let (_, steps) = newest(&run).unwrap();
            (steps > 0).then_some(run)
        };
        let run = (0..TRIES).find_map(within).expect("a stop within an epoch");
        let saved = newest(&run);
        let resumed = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
        resumed.succeeds();
        assert_eq!(resumed_after(&resumed.err), saved);
        assert!(result(&run) == whole);
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn features_that_are_finished_are_kept() {
    let home = Home::with(&FOR_TRAIN);
    for (signal, code) in SIGNALS {
        let within = |_| {
            home.graft(&["cache", "clear"]).succeeds();
            stopped(&home, &FEATURES, signal, || {
                !finished_shards(&home).is_empty()
            })
        };
        let outcome = (0..TRIES).find_map(within).expect("a stop before the end");
        outcome.refuses(code, &["interrupted", "finished features are kept"]);
        let kept = finished_shards(&home);
        assert!(!kept.is_empty());
        let resumed = home.graft(&FEATURES);
        resumed.succeeds();
        // Images that were there already do not count as computed at once.
        let first = format!("images: {} of 2500 images", 256 * kept.len());
        let line = resumed.err.lines().next().unwrap_or_default();
        assert!(line.ends_with(&first), "{first}: {line}");
        assert!(finished_shards(&home).is_empty());
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_lab_is_stopped_and_measures_the_same_when_it_is_run_again() {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let lab = [&["lab", "learning-rate"], &SMALL[..]].concat();
    home.graft(&lab).succeeds();
    let started = Instant::now();
    home.graft(&lab).succeeds();
    let took = started.elapsed();
    let file = home.root().join("labs/other/learning-rate.json");
    let outcome = || {
        let text = fs::read_to_string(&file).unwrap();
        let lab: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        lab["outcome"].clone()
    };
    let whole = outcome();
    for (signal, code) in SIGNALS {
        let within = |_| {
            // Of the time before, or of a try that came too late.
            fs::remove_file(&file).unwrap();
            let started = Instant::now();
            // All features are there: it is training.
            stopped(&home, &lab, signal, || started.elapsed() > took / 3)
        };
        let stopped = (0..TRIES).find_map(within).expect("a stop before the end");
        stopped.refuses(code, &["interrupted", "give the same command again"]);
        assert!(!file.exists());
        home.graft(&lab).succeeds();
        assert_eq!(outcome(), whole);
    }
}

/// Between the first signal and the end of a pass there is a quarter of a second: Burn's own
/// convolutions take it for 32 images.
#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_second_signal_ends_it_at_once() {
    let home = Home::with(&FOR_TRAIN);
    let slow = ["extract", "--engine", "burn", "--set", "data.limit=256"];
    for (signal, code) in SIGNALS {
        let at_once = |_| {
            let is_locked = || {
                fs::read_dir(home.root().join("cache")).is_ok_and(|mut all| all.next().is_some())
            };
            let child = home.command(&slow).spawn().unwrap();
            while !is_locked() {
                thread::sleep(Duration::from_millis(1));
            }
            // From the lock to the first pass.
            thread::sleep(Duration::from_millis(100));
            send("INT", &child);
            thread::sleep(Duration::from_millis(20));
            send(signal, &child);
            let outcome = ended(child);
            fs::remove_dir_all(home.root().join("cache")).unwrap();
            // The first has the last word where a pass ends just then, and where nobody listens yet.
            let first = outcome.err.contains("interrupted") || outcome.code.is_none();
            (!first).then_some(outcome.code)
        };
        let ended = (0..TRIES)
            .find_map(at_once)
            .expect("a second signal within a pass");
        assert_eq!(ended, Some(code));
    }
    home.train(&[]).succeeds();
}
