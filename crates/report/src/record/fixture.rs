//! The files of a small record that agree with each other, for tests to damage.

use std::fs;
use std::path::Path;

use graft_fuzz::place;
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// When everything happened.
const TIME: &str = "2026-01-01T00:00:00Z";

/// The files of a small record, by name.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    let predictions = Predictions::new(&[0, 1], &[0, 1], &[2.0, -1.0, 0.5, 0.25], 2).unwrap();
    let evaluated = Evaluated {
        run: "a-run".into(),
        evaluated: TIME.parse().unwrap(),
        images: "ab".repeat(32),
        backend: "cpu".into(),
        cache: Cached::Hit,
        names: Vec::new(),
        evaluation: predictions.evaluate().unwrap(),
        without_label_errors: Some(Scores::from(&predictions.evaluate().unwrap())),
        none_of_these: None,
    };
    let scores = json!({"loss": 0.5, "accuracy": 0.75});
    let held_out = Predictions::new(&[2, 3], &[1, 0], &[0.5, 1.5, 0.25, 0.75], 2).unwrap();
    let validation = json!(Scores::from(&held_out.evaluate().unwrap()));
    let epoch = json!({"epoch": 1, "train": scores, "validation": validation, "seconds": 0.5});
    let picture = |index: usize| json!({"index": index, "label": index, "rows": 1, "columns": 3, "pixels": "AID/"});
    let channel = json!({"minimum": 0.0, "maximum": 1.0, "pixels": "AID/"});
    let samples = json!({
        "digits": [picture(0)],
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
        "network": "VGG16", "layers": [],
        "backbone": {"files": [hash], "before": hash, "after": hash},
        "cache": {"result": "hit", "key": {}, "sha256": hash},
        "head": {"before": hash, "after": hash},
        "trained_on": 2, "validated_on": 2, "kept_epoch": 1, "train": scores, "validation": validation,
        "seconds": 1.0, "stages": {"fetch": 0.0, "features": 0.5, "head": 0.5},
    });
    let csv = predictions.to_csv().into_bytes();
    vec![
        (RECIPE, b"[training]\nepochs = 1\n".to_vec()),
        (METRICS, format!("{epoch}\n").into_bytes()),
        (HEAD, vec![1, 2, 3]),
        (SAMPLES, samples.to_string().into_bytes()),
        (TRAIN_PREDICTIONS, csv.clone()),
        (VALIDATION_PREDICTIONS, held_out.to_csv().into_bytes()),
        (TEST_PREDICTIONS, csv),
        (EVALUATION, serde_json::to_vec(&evaluated).unwrap()),
        (MISTAKES, json!([picture(1)]).to_string().into_bytes()),
        (
            EXPLAINED,
            json!([{
                "index": 1,
                "map": {"values": [[0.5, -1.0]], "area": [0.0, 0.0, 1.0, 1.0]},
                "alike": [{"picture": picture(0), "similarity": 0.5}],
            }])
            .to_string()
            .into_bytes(),
        ),
        (MANIFEST, manifest.to_string().into_bytes()),
    ]
}

/// Writes a record, and its sums at last.
pub(crate) fn write(folder: &Path, files: &[(&str, Vec<u8>)]) {
    fs::create_dir_all(folder.join(PREDICTIONS)).unwrap();
    let mut sums = Sums::default();
    for (name, content) in files {
        place(&folder.join(name), content);
        sums.add(name, content);
    }
    place(&folder.join(SUMS), sums.text().as_bytes());
}

pub(crate) fn record() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    Record::read(folder.path()).unwrap();
    folder
}
