//! A made-up result of the sweep `learning-rate`, with two cells.

use super::*;
use crate::record::Scores;
use crate::{Difference, Estimate};

/// A difference of five trainings with this mean in percentage points, an interval of 0.5 to both
/// sides, and p.
pub(crate) fn paired(points: f64, p: f64) -> Difference {
    let mean = points / 100.0;
    Difference {
        images: 10_000,
        pairs: vec![crate::Paired::new(&[true], &[true]); 5],
        accuracy: Estimate {
            mean,
            low: mean - 0.005,
            high: mean + 0.005,
        },
        p,
    }
}

/// A cell of one training with these accuracies on validation and test images.
pub(crate) fn cell(at: &[usize], validation: f64, accuracy: f64) -> Cell {
    let scores = |accuracy| Scores {
        loss: 1.0 - accuracy,
        accuracy,
    };
    Cell {
        at: at.to_vec(),
        chosen: true,
        training: Training {
            normalise: "none".into(),
            classifier: None,
            hidden: Vec::new(),
            learning_rate: 0.001,
            batch_size: 32,
            epochs: 10,
        },
        values: 512,
        trained_on: 320,
        validated_on: 10,
        measured_on: 1000,
        trainings: vec![Measured {
            seed: 1,
            validation: Some(scores(validation)),
            scores: scores(accuracy),
        }],
        accuracy: Estimate {
            mean: accuracy,
            low: accuracy - 0.125,
            high: accuracy + 0.125,
        },
    }
}

/// The sweep that comes with graft under this name.
pub(crate) fn sweep(name: &str) -> Sweep {
    let mut all = bundled();
    all.find(|(found, _)| *found == name).unwrap().1
}

/// Batch size 32 with learning rate 0.001, and 128 with 0.003.
pub(crate) fn results() -> Results {
    let data = Data {
        extra: String::new(),
        source: "mnist".into(),
        images: "ab".repeat(32),
        labels: "cd".repeat(32),
        rows: 28,
        columns: 28,
        classes: 10,
        channels: 1,
        names: Vec::new(),
        border: None,
        left_out: 0,
    };
    let images = |count| Images {
        data: data.clone(),
        count,
    };
    Results {
        name: "learning-rate".into(),
        asked: "learning-rate".into(),
        sweep: sweep("learning-rate"),
        graft: "0.1.0".into(),
        commit: None,
        command: vec!["graft".into(), "lab".into()],
        overrides: vec!["data.limit=600".into()],
        started: "2026-11-24T10:15:02Z".parse().unwrap(),
        ended: "2026-11-24T10:16:02Z".parse().unwrap(),
        seconds: 60.25,
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
        train: images(60_000),
        test: Some(images(10_000)),
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
        outcome: Outcome {
            cells: vec![cell(&[1, 2], 0.75, 0.5), cell(&[2, 3], 0.5, 0.75)],
            picks: [("seed".into(), 0), ("best".into(), 1)].into(),
            comparisons: [("gain".into(), Comparison::Paired(paired(25.0, 0.0001)))].into(),
        },
    }
}
