//! A complete record with damage of every kind: no flipped bit and no truncation goes unnoticed, and
//! files that were made up, hashes and all, are read or refused within the limits.

use std::fs;
use std::path::Path;

use graft_fuzz::{Damage, Limits, MIB, MUTATIONS, Target, Verdict, place};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::compare::Comparison;
use crate::{Language, page};

/// When everything happened.
const TIME: &str = "2026-01-01T00:00:00Z";

/// The files of a small record, by name.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let predictions = Predictions::new(&[0, 1], &[0, 1], &[2.0, -1.0, 0.5, 0.25], 2).unwrap();
    let evaluated = Evaluated {
        run: "a-run".into(),
        evaluated: TIME.parse().unwrap(),
        images: "ab".repeat(32),
        backend: "cpu".into(),
        cache: Cached::Hit,
        evaluation: predictions.evaluate().unwrap(),
        without_label_errors: None,
    };
    let scores = json!({"loss": 0.5, "accuracy": 0.75});
    let epoch = json!({"epoch": 1, "train": scores, "validation": null, "seconds": 0.5});
    let pixels = json!({"index": 0, "label": 7, "rows": 1, "columns": 3, "pixels": "AID/"});
    let channel = json!({"minimum": 0.0, "maximum": 1.0, "pixels": "AID/"});
    let samples = json!({
        "digits": [pixels],
        "prepared": {"index": 0, "rows": 3, "columns": 1, "channels": [channel]},
    });
    let hash = "0123456789abcdef";
    let manifest = json!({
        "format": Manifest::FORMAT, "graft": "0.1.0", "commit": null, "command": ["train"],
        "started": TIME, "ended": TIME, "recipe": "seed",
        "machine": {
            "system": "s", "processor": null, "threads": 2, "backend": "cpu", "adapter": null,
            "driver": null, "engine": "e", "dtype": "f32", "peak_memory_bytes": null,
        },
        "data": {
            "source": "mnist", "images": hash, "labels": hash, "rows": 1, "columns": 3,
            "classes": 2,
        },
        "origin": {"file": "vgg16.onnx", "sha256": hash, "producer": "p"},
        "generated_code": hash, "layers": [],
        "backbone": {"files": [hash], "before": hash, "after": hash},
        "cache": {"result": "hit", "key": {}, "sha256": hash},
        "head": {"before": hash, "after": hash},
        "trained_on": 2, "validated_on": 0, "kept_epoch": 1, "train": scores, "validation": null,
        "seconds": 1.0, "stages": {"fetch": 0.0, "features": 0.5, "head": 0.5},
    });
    let csv = predictions.to_csv().into_bytes();
    vec![
        (RECIPE, b"[training]\nepochs = 1\n".to_vec()),
        (METRICS, format!("{epoch}\n").into_bytes()),
        (HEAD, vec![1, 2, 3]),
        (SAMPLES, samples.to_string().into_bytes()),
        (TRAIN_PREDICTIONS, csv.clone()),
        (TEST_PREDICTIONS, csv),
        (EVALUATION, serde_json::to_vec(&evaluated).unwrap()),
        (MISTAKES, json!([pixels]).to_string().into_bytes()),
        (MANIFEST, manifest.to_string().into_bytes()),
    ]
}

/// Writes a record, and its sums at last.
fn write(folder: &Path, files: &[(&str, Vec<u8>)]) {
    fs::create_dir_all(folder.join(PREDICTIONS)).unwrap();
    let mut sums = Sums::default();
    for (name, content) in files {
        place(&folder.join(name), content);
        sums.add(name, content);
    }
    place(&folder.join(SUMS), sums.text().as_bytes());
}

fn record() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    Record::read(folder.path()).unwrap();
    folder
}

#[test]
fn every_damage_is_found() {
    let folder = record();
    let names = files().into_iter().map(|(name, _)| name).chain([SUMS]);
    for name in names {
        let path = folder.path().join(name);
        let good = fs::read(&path).unwrap();
        for damage in Damage::sample(good.len()) {
            place(&path, &damage.of(&good));
            let read = Record::read(folder.path());
            assert!(read.is_err(), "{name}: {damage:?} went unnoticed");
        }
        place(&path, &good);
    }
    Record::read(folder.path()).unwrap();
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let folder = record();
    let path = folder.path().join(SUMS);
    let good = fs::read_to_string(&path).unwrap();
    for name in ["/dev/zero", "../x", "predictions/../../x", ""] {
        let changed = good.replace(EVALUATION, name);
        assert_ne!(changed, good);
        place(&path, changed.as_bytes());
        let error = Record::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("SHA256SUMS: expected 64 hex"), "{error}");
    }
}

/// Whatever a report would take from a record.
fn use_up(record: &Record) {
    assert_eq!(record.kept().epoch, record.manifest.kept_epoch);
    let tests = record.test.iter().map(|test| &test.predictions);
    for predictions in tests.chain([&record.train]).chain(&record.validation) {
        let _ = predictions.evaluate();
        let _ = predictions.mistakes();
    }
    let options = page::Options::default();
    for language in Language::ALL {
        let html = page::html(record, &[], language, &options);
        assert!(!html.contains("<script"), "a script got into the page");
        let _ = page::markdown(record, &[], language, &options);
    }
    let _ = Comparison::new(&[record.clone(), record.clone()]);
}

#[test]
fn records_that_were_made_up_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = files();
    // The file's number, then its content.
    let numbered = (0_u8..).zip(&files);
    let corpus: Vec<_> = numbered
        .map(|(number, (_, content))| [&[number], &content[..]].concat())
        .collect();
    let target = Target {
        name: "record",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "record::damage::records_that_were_made_up_are_read_or_refused",
        limits: Limits::declaring(0),
        corpus: &corpus,
        mutations: MUTATIONS,
        words: &[
            b"\"",
            b"{",
            b"[",
            b"null",
            b"\n",
            b",",
            b"1e999",
            b"\"epoch\"",
            b"AAAA",
            b"<script>",
        ],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        let Some((number, content)) = bytes.split_first() else {
            return Verdict::Refused;
        };
        let mut changed = files.clone();
        let index = usize::from(*number) % changed.len();
        changed[index].1 = content.to_vec();
        write(folder.path(), &changed);
        match Record::read(folder.path()) {
            Ok(record) => {
                use_up(&record);
                Verdict::Accepted
            }
            Err(error) => {
                let message = error.to_string();
                assert!(
                    message.contains(&*folder.path().to_string_lossy()),
                    "{message}"
                );
                assert!(message.len() < MIB / 64, "{message}");
                Verdict::Refused
            }
        }
    });
}
