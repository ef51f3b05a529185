//! A record with one figure changed, hashes and all, is refused.

use super::*;
use crate::record::fixture::{files, write};
use serde_json::{Value, json};

/// What reading says of a record of which one JSON file was changed, hashes and all.
fn read(name: &str, change: impl Fn(&mut Value)) -> Result<Record, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = files();
    let (_, content) = files.iter_mut().find(|file| file.0 == name).unwrap();
    let mut value = serde_json::from_slice(content).unwrap();
    change(&mut value);
    *content = value.to_string().into_bytes();
    write(folder.path(), &files);
    Record::read(folder.path()).map_err(|error| error.to_string())
}

/// Where what is changed to what, and what the refusal says.
type Case = (
    &'static str,
    &'static str,
    fn(&Value) -> Value,
    &'static str,
);

#[test]
fn every_figure_that_contradicts_another_is_refused() {
    let more: fn(&Value) -> Value = |value| json!(value.as_f64().unwrap() + 0.001);
    let cases: [Case; 13] = [
        (MANIFEST, "/train/loss", more, "as epoch 1 of metrics.jsonl"),
        (MANIFEST, "/train/accuracy", more, "as epoch 1 of metrics"),
        (MANIFEST, "/validation/loss", more, "as epoch 1 of metrics"),
        (MANIFEST, "/validation", |_| Value::Null, "found none"),
        (
            METRICS,
            "/train/loss",
            more,
            "manifest.json: expected train",
        ),
        (
            METRICS,
            "/validation/accuracy",
            |_| json!(0.25),
            "expected validation",
        ),
        (
            SAMPLES,
            "/digits/0/label",
            |_| json!(1),
            "expected label 0 of image 0",
        ),
        (EVALUATION, "/loss", more, "expected loss"),
        (
            EVALUATION,
            "/without_label_errors/loss",
            more,
            "expected without_label_errors",
        ),
        (
            EVALUATION,
            "/without_label_errors/accuracy",
            |_| json!(0.75),
            "predictions/test.csv",
        ),
        (
            MISTAKES,
            "/0/label",
            |_| json!(0),
            "expected image 1 with label 1",
        ),
        (
            MISTAKES,
            "/0/index",
            |_| json!(0),
            "found image 0 with label 1",
        ),
        (MISTAKES, "", |_| json!([]), "of at most 1 mistakes"),
    ];
    for (name, place, to, said) in cases {
        let error = read(name, |value| {
            let figure = value.pointer_mut(place).unwrap();
            *figure = to(figure);
        });
        let error = error.expect_err(place);
        assert!(error.contains(said), "{name} {place}: {error}");
    }
    read(MANIFEST, |_| ()).unwrap();
}

#[test]
fn a_validation_that_both_files_have_but_not_the_predictions_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (backend, loss, refused) in [
        ("cpu", 1e-6, true),
        ("cuda", 1e-6, false),
        ("cuda", 1e-2, true),
    ] {
        let mut files = files();
        for (name, content) in &mut files {
            if [MANIFEST, METRICS].contains(name) {
                let mut value: Value = serde_json::from_slice(content).unwrap();
                let figure = &mut value["validation"]["loss"];
                *figure = json!(figure.as_f64().unwrap() + loss);
                if *name == MANIFEST {
                    value["machine"]["backend"] = json!(backend);
                }
                *content = value.to_string().into_bytes();
            }
        }
        write(folder.path(), &files);
        let read = Record::read(folder.path()).map_err(|error| error.to_string());
        match read {
            Ok(_) => assert!(!refused, "{backend}, {loss}"),
            Err(error) => {
                assert!(refused, "{backend}, {loss}: {error}");
                let said = "as predictions/validation.csv has it";
                assert!(error.contains(said), "{error}");
            }
        }
    }
}
