//! A lab's file comes back as it was written, or not at all.

use super::*;
use crate::lab::cell::tests::cell;
use crate::lab::wording::tests::difference;
use crate::lab::{LearningRate, Outcome, Pass};
use crate::record::{Cached, Data, Machine, Origin};

pub(crate) fn lab() -> Lab {
    let data = Data {
        source: "mnist".into(),
        images: "ab".repeat(32),
        labels: "cd".repeat(32),
        rows: 28,
        columns: 28,
        classes: 10,
    };
    Lab {
        graft: "0.1.0".into(),
        commit: None,
        command: vec!["graft".into(), "lab".into()],
        overrides: vec!["data.limit=600".into()],
        started: "2026-11-24T10:15:02Z".parse().unwrap(),
        ended: "2026-11-24T10:16:02Z".parse().unwrap(),
        seconds: 60.25,
        feature_seconds: 0.25,
        machine: Machine {
            system: "linux x86_64".into(),
            processor: None,
            threads: 2,
            backend: "cpu".into(),
            adapter: None,
            driver: None,
            engine: "winograd 1".into(),
            dtype: "f32".into(),
            burn: Some("0.1.2".into()),
            rustc: Some("rustc 1.95.0".into()),
            peak_memory_bytes: Some(1),
        },
        train: data.clone(),
        train_images: 60_000,
        test: data,
        test_images: 10_000,
        origin: Origin {
            file: "vgg16.onnx".into(),
            sha256: "ef".repeat(32),
            producer: "tf2onnx".into(),
        },
        passes: vec![Pass {
            features: "block 5".into(),
            images: 60_000,
            cached: Cached::Hit,
            seconds: 0.5,
        }],
        outcome: Outcome::LearningRate(LearningRate {
            cells: vec![cell((), 0.75, 0.5), cell((), 0.5, 0.25)],
            seed: 0,
            other: 1,
            difference: difference(50.0, 0.125),
        }),
    }
}

#[test]
fn comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let labs = folder.path();
    assert!(Lab::read(labs, "learning-rate").unwrap().is_none());
    let path = lab().write(labs).unwrap();
    assert_eq!(path, labs.join("learning-rate.json"));
    assert_eq!(Lab::read(labs, "learning-rate").unwrap(), Some(lab()));
    // It is JSON, for whoever wants to look.
    let value: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(value["lab"]["outcome"]["lab"], "learning-rate");
    assert_eq!(value["lab"]["passes"][0]["images"], 60_000);
}

#[test]
fn a_result_from_before_versions_were_put_down_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut old = lab();
    (old.machine.burn, old.machine.rustc) = (None, None);
    let path = old.write(folder.path()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (_, content) = text.split_once("\"lab\":").unwrap();
    let content = content.trim_end().strip_suffix('}').unwrap();
    let without = content.replace(",\"burn\":null,\"rustc\":null", "");
    assert_ne!(without, content);
    let (head, middle, end) = FRAME;
    let hash = sha256(without.as_bytes());
    fs::write(&path, format!("{head}{hash}{middle}{without}{end}")).unwrap();
    assert_eq!(Lab::read(folder.path(), old.name()).unwrap(), Some(old));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = lab().write(folder.path()).unwrap();
    let good = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        let error = Lab::from_bytes(bytes, &path, "learning-rate").expect_err(what);
        let error = error.to_string();
        assert!(error.contains("learning-rate.json"), "{what}: {error}");
        assert!(error.contains("expected"), "{what}: {error}");
    };
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        refused(&bad, &format!("bit at {place}"));
    }
    for length in (0..good.len()).step_by(7) {
        refused(&good[..length], &format!("{length} bytes"));
    }
}

#[test]
fn another_lab_and_a_newer_version_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let labs = folder.path();
    let path = lab().write(labs).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let refusal = |name: &str, text: &str| {
        fs::write(labs.join(format!("{name}.json")), text).unwrap();
        Lab::read(labs, name).unwrap_err().to_string()
    };
    let error = refusal("boundary", &text);
    assert!(error.contains("that of the lab learning-rate"), "{error}");
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    let error = refusal("learning-rate", &newer);
    assert!(error.contains("newer graft wrote; update graft"), "{error}");
    let edited = text.replacen("60000", "60001", 1);
    let error = refusal("learning-rate", &edited);
    assert!(error.contains("expected sha256"), "{error}");
    assert!(error.contains("run this lab again"), "{error}");
}

#[test]
fn the_command_repeats_it() {
    assert_eq!(
        lab().command(),
        "cargo xtask lab learning-rate --set data.limit=600"
    );
    assert_eq!(lab().passed_images(), 60_000);
}
