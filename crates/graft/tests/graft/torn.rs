//! Files of ours that were right once: each flipped bit and each truncation is found.

use std::fs;
use std::path::{Path, PathBuf};

use graft_report::record::{Record, Sums};
use serde_json::Value;

use crate::harness::{FOR_TRAIN, Home, SMALL, TEST_IMAGES, TEST_LABELS, times};

/// How many bits of a file are flipped, one at a time.
const FLIPS: usize = 1000;
/// How often a file is cut.
const CUTS: usize = 256;

/// A home with a small run, evaluated.
fn evaluated() -> (Home, PathBuf) {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let run = home.train(&[]).json()["run"].as_str().unwrap().to_owned();
    home.graft(&["eval"]).succeeds();
    (home, run.into())
}

/// Damages the file at `path` again and again, and expects `refused` every time.
fn damage(path: &Path, refused: impl Fn() -> bool) {
    let whole = fs::read(path).unwrap();
    for flip in 0..FLIPS {
        let mut bytes = whole.clone();
        let bit = flip * (8 * whole.len() - 1) / (FLIPS - 1);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &bytes).unwrap();
        assert!(refused(), "{}, bit {bit}", path.display());
    }
    for cut in 0..CUTS {
        let length = cut * (whole.len() - 1) / (CUTS - 1);
        fs::write(path, &whole[..length]).unwrap();
        assert!(refused(), "{}, cut to {length}", path.display());
    }
    fs::write(path, whole).unwrap();
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn every_flip_and_cut_in_a_record_is_found() {
    let (_home, run) = evaluated();
    let sums = fs::read_to_string(run.join("SHA256SUMS")).unwrap();
    let listed = sums.lines().filter_map(|line| line.split_once("  "));
    let names: Vec<&str> = listed.map(|(_, name)| name).collect();
    assert_eq!(names.len(), 15, "{names:?}");
    Record::read(&run).unwrap();
    for name in names {
        // What reading the record does with every file that is listed.
        let opened = || Sums::read(&run).and_then(|sums| sums.open(&run, name));
        damage(&run.join(name), || opened().is_err());
        fs::rename(run.join(name), run.join("away")).unwrap();
        assert!(Record::read(&run).is_err(), "without {name}");
        fs::rename(run.join("away"), run.join(name)).unwrap();
    }
    damage(&run.join("SHA256SUMS"), || Sums::read(&run).is_err());
    Record::read(&run).unwrap();
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_report_on_a_damaged_record_says_what_is_wrong() {
    let (home, run) = evaluated();
    let report = || home.graft(&["report"]);
    report().succeeds();
    let test = run.join("predictions/test.csv");
    let whole = fs::read_to_string(&test).unwrap();
    fs::remove_file(&test).unwrap();
    report().refuses(1, &["test.csv is missing", "run `eval`"]);
    fs::write(&test, whole.replacen(",7,7,", ",1,7,", 1)).unwrap();
    report().refuses(1, &["test.csv", "expected sha256", "run `eval`"]);
    fs::write(&test, whole).unwrap();
    report().succeeds();

    let metrics = run.join("metrics.jsonl");
    let whole = fs::read_to_string(&metrics).unwrap();
    fs::write(&metrics, whole.replacen("0.", "0.0", 1)).unwrap();
    report().refuses(1, &["metrics.jsonl", "expected sha256", "train again"]);
    fs::write(&metrics, whole).unwrap();

    // A record whose hashes fit, of a format that this graft does not know.
    let manifest = run.join("manifest.json");
    let whole = fs::read_to_string(&manifest).unwrap();
    let newer = whole.replacen("\"format\": 2", "\"format\": 3", 1);
    assert_ne!(newer, whole);
    fs::write(&manifest, &newer).unwrap();
    let mut sums = Sums::read(&run).unwrap();
    sums.add("manifest.json", newer.as_bytes());
    sums.write(&run).unwrap();
    report().refuses(
        1,
        &["manifest.json", "format 3", "newer graft", "update graft"],
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_report_is_two_pages_with_the_test_figures_once_they_are_there() {
    let home = Home::with(&FOR_TRAIN);
    home.take(&[TEST_IMAGES, TEST_LABELS]);
    let run = home.train(&[]).json()["run"].as_str().unwrap().to_owned();
    let read = |name: &str| fs::read_to_string(Path::new(&run).join(name)).unwrap();
    let before = read("report.html");
    assert!(
        before.contains("xtask eval") && !before.contains("Test loss"),
        "{before}"
    );
    let accuracy = home.graft(&["eval", "--json"]).json()["accuracy"]
        .as_f64()
        .unwrap();
    let shown = format!("{:.2}", 100.0 * accuracy);
    for name in ["report.html", "report.zh.html"] {
        assert!(read(name).contains(&shown), "{name}");
    }
    let more = ["--lang", "zh", "--format", "md", "--author", "A & <B>"];
    home.graft(&[&["report"], &more[..]].concat()).succeeds();
    assert!(read("report.zh.md").contains(&shown));
    assert!(
        read("report.zh.md").contains("A &amp; &lt;B>"),
        "{}",
        read("report.zh.md")
    );
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn two_trainings_an_evaluation_and_a_report_at_once() {
    let rounds = 5 * times();
    let (home, _) = evaluated();
    let train = [&["train", "--json"], &SMALL[..]].concat();
    // What they come to when nothing else runs.
    let alone = (
        home.graft(&train).json(),
        home.graft(&["eval", "--json"]).json(),
    );
    let same = |verb: &str, found: &Value| match verb {
        "train" => ["head", "train", "validation"].map(|key| found[key] == alone.0[key]),
        _ => ["accuracy", "loss", "confusion"].map(|key| found[key] == alone.1[key]),
    };
    assert!(alone.0["head"].is_string() && alone.1["accuracy"].is_f64());
    for round in 0..rounds {
        home.graft(&["cache", "clear"]).succeeds();
        let commands = [&train[..], &train[..], &["eval", "--json"], &["report"]];
        let children = commands.map(|command| home.command(command).spawn().unwrap());
        let outputs = children.map(|child| child.wait_with_output().unwrap());
        for (command, output) in commands.iter().zip(&outputs) {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "round {round}, {}: {said}",
                command[0]
            );
            if command.contains(&"--json") {
                let found: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(
                    same(command[0], &found),
                    [true; 3],
                    "round {round}: {found}"
                );
            }
        }
        // One of the training images, one of the test images.
        assert_eq!(home.cached().len(), 2, "{:?}", home.cached());
    }
    for run in home.runs() {
        Record::read(&run).unwrap();
    }
}
