//! Disks that fail and processes that die at every place of a training where something is written.

use std::fs;
use std::path::PathBuf;

use crate::features::finished_shards;
use crate::harness::{FOR_TRAIN, Home, files, leftovers, times};
use crate::resume::{newest, result, resumed_after};

/// A run of a few steps with checkpoints in the middle of its epochs.
const RUN: [&str; 10] = [
    "--set",
    "data.limit=200",
    "--set",
    "data.validation=40",
    "--set",
    "training.epochs=2",
    "--set",
    "training.checkpoint_steps=2",
    "--set",
    "training.keep=best",
];

/// From one place to the next that is tried; the long form tries all.
fn stride() -> usize {
    if times() > 1 { 1 } else { 7 }
}

/// Trains with every `fault` in turn, such as `fsync:N:EIO` for N = 1, 2, ..., until one comes too late
/// to be met, and looks at what is left each time.
fn at_every_place(operation: &str, effect: &str, code: i32) -> usize {
    let home = Home::with(&FOR_TRAIN);
    let train = [&["train", "--json"], &RUN[..]].concat();
    home.graft(&train).succeeds();
    let whole = result(&home.runs()[0]);
    let mut met = 0;
    for place in (1..).step_by(stride()) {
        let before = home.runs();
        let mut command = home.command(&train);
        command.env("GRAFT_FAULT", format!("{operation}:{place}:{effect}"));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let run = home.runs().into_iter().find(|run| !before.contains(run));
        if output.status.success() {
            assert!(result(&run.unwrap()) == whole);
            break;
        }
        met += 1;
        if effect == "KILL" {
            assert_eq!(output.status.code(), None, "{operation} {place}: {said}");
        } else {
            assert_eq!(
                output.status.code(),
                Some(code),
                "{operation} {place}: {said}"
            );
            assert!(
                said.contains(home.root().to_str().unwrap()),
                "{operation} {place}: {said}"
            );
            assert_eq!(
                leftovers(home.root()),
                Vec::<PathBuf>::new(),
                "{operation} {place}"
            );
        }
        let begun = run
            .as_ref()
            .is_some_and(|run| run.join("checkpoints/latest").exists());
        if effect != "KILL" {
            assert_eq!(run.is_some(), begun, "{operation} {place}: {said}");
        }
        let mut runs = before.len();
        if let Some(run) = run.filter(|_| begun) {
            if !run.join("SHA256SUMS").exists() {
                let saved = newest(&run);
                let again = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
                again.succeeds();
                assert_eq!(resumed_after(&again.err), saved, "{operation} {place}");
            }
            assert!(result(&run) == whole, "{operation} {place}");
            runs += 1;
        }
        // A run without a checkpoint goes at the next start.
        home.graft(&train).succeeds();
        assert_eq!(
            home.runs().len(),
            runs + 1,
            "{operation} {place}: {:?}",
            home.runs()
        );
        for run in home.runs() {
            assert!(
                run.join("SHA256SUMS").exists(),
                "{operation} {place}: {}",
                run.display()
            );
        }
        for run in home.runs() {
            fs::remove_dir_all(run).unwrap();
        }
    }
    met
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn every_failing_operation_of_a_training_is_met() {
    let mut met = 0;
    for (operation, effect) in [
        ("create", "ENOSPC"),
        ("write", "EIO"),
        ("write", "ENOSPC"),
        ("fsync", "EIO"),
        ("rename", "EIO"),
    ] {
        met += at_every_place(operation, effect, 1);
    }
    println!("a training whose disk fails: at {met} places");
    assert!(met > 20, "{met}");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn killed_between_write_flush_and_rename_a_training_ends_the_same() {
    let mut met = 0;
    for operation in ["write", "fsync", "rename"] {
        met += at_every_place(operation, "KILL", 0);
    }
    println!("a training that is killed between two operations on the disk: at {met} places");
    assert!(met > 12, "{met}");
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn killed_while_features_are_computed_the_next_training_uses_them() {
    let home = Home::with(&FOR_TRAIN);
    // Features of block 1 are 64 KiB an image, a shard 256 of them.
    let more = [
        "--set",
        "data.limit=600",
        "--set",
        "backbone.boundary=block1",
    ];
    let train = [&["train", "--json"], &RUN[..], &more].concat();
    home.graft(&train).succeeds();
    let whole = result(&home.runs()[0]);
    let entry = |home: &Home| {
        let files = home.cached().into_iter().flat_map(|path| files(&path));
        files
            .map(|file| (fs::read(&file).unwrap(), file))
            .collect::<Vec<_>>()
    };
    let cached = entry(&home);
    assert_eq!(cached.len(), 5, "three shards, digests and a manifest");
    let (mut met, mut kept) = (0, 0);
    for place in 1.. {
        home.graft(&["cache", "clear"]).succeeds();
        let mut command = home.command(&train);
        command.env("GRAFT_FAULT", format!("rename:{place}:KILL"));
        let output = command.output().unwrap();
        let shards = finished_shards(&home);
        if home.runs().len() > 1 || output.status.success() {
            break;
        }
        met += 1;
        kept += usize::from(!shards.is_empty());
        home.graft(&train).succeeds();
        assert!(
            result(home.runs().last().unwrap()) == whole,
            "rename {place}"
        );
        assert!(entry(&home) == cached, "rename {place}");
        fs::remove_dir_all(home.runs().last().unwrap()).unwrap();
    }
    println!("a training that is killed while its features are computed: at {met} places");
    assert!(met >= 3 && kept >= 1, "{met}, {kept}");
}
