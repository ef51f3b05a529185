//! A small record, made up: three classes, six digits of four pixels.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Confusion;
use crate::record::{
    Alike, CacheEntry, Cached, Channel, Data, Epoch, Evaluated, Explained, Forecast, HeadHashes,
    Layer, LayerKind, Looked, Machine, Manifest, Origin, Part, Picture, Predictions, Prepared,
    Record, Samples, Scores, Stages, Tested, WeightHashes,
};

/// What the run was expected to cost.
const FORECAST: Forecast = Forecast {
    views: None,
    seconds: 33.5,
    features: 31.0,
    training: 1.5,
    features_bytes: 122_880_000,
    memory_bytes: Some(400 << 20),
};

/// A run on MNIST that was evaluated; its test images 947 (a known label error) and 1 are mistakes.
pub(crate) fn record() -> Record {
    let test = predictions(&[(0, 0, 0), (1, 1, 2), (2, 2, 2), (947, 1, 0)]);
    let evaluation = test.evaluate().unwrap();
    assert_eq!((evaluation.n, evaluation.correct), (4, 2));
    assert_eq!(evaluation.confusion.classes(), Confusion::new(3).classes());
    let without = test.without_label_errors().evaluate().unwrap();
    Record {
        folder: PathBuf::from("/somewhere/private/2026-11-24T07-28-18-seed"),
        manifest: manifest(),
        recipe: "[training]\nbatch_size = 5\nlearning_rate = 0.003\nseed = 42\nkeep = \"last\"\n\
                 [backbone]\nboundary = \"block5\"\n[new]\nkey = 1\n"
            .parse()
            .unwrap(),
        epochs: [(1, 0.7569, 0.8011), (2, 0.374, 0.9)].map(epoch).into(),
        samples: Samples {
            digits: vec![picture(3, 0), picture(5, 1)],
            views: Vec::new(),
            prepared: Prepared {
                index: 3,
                rows: 4,
                columns: 4,
                channels: vec![
                    Channel::new(&[0.0; 16]),
                    Channel::new(&[-103.939; 16]),
                    Channel {
                        maximum: 1.0,
                        ..Channel::new(&[0.0; 16])
                    },
                ],
            },
        },
        train: predictions(&[
            (0, 0, 0),
            (1, 1, 1),
            (2, 2, 2),
            (3, 0, 0),
            (4, 1, 1),
            (5, 2, 0),
        ]),
        validation: Some(predictions(&[(6, 0, 0), (7, 1, 1), (8, 2, 2)])),
        test: Some(Tested {
            evaluated: Evaluated {
                run: "run".into(),
                evaluated: "2026-11-24T08:00:00Z".parse().unwrap(),
                images: hash('7'),
                backend: "cpu".into(),
                cache: Cached::Hit,
                names: Vec::new(),
                without_label_errors: Some(Scores::from(&without)),
                none_of_these: None,
                evaluation,
            },
            predictions: test,
            mistakes: vec![picture(947, 1), picture(1, 1)],
            explained: vec![Explained {
                index: 947,
                map: Some(Looked {
                    values: vec![vec![1.0, -2.0], vec![0.0, 0.5]],
                    area: [-0.25, -0.25, 1.5, 1.5],
                }),
                alike: vec![Alike {
                    picture: picture(5, 2),
                    similarity: 0.9375,
                }],
            }],
        }),
    }
}

/// `(index, label, predicted)` a row.
pub(super) fn predictions(rows: &[(usize, u8, usize)]) -> Predictions {
    let indices: Vec<usize> = rows.iter().map(|row| row.0).collect();
    let labels: Vec<u8> = rows.iter().map(|row| row.1).collect();
    let logits: Vec<f32> = rows
        .iter()
        .flat_map(|row| (0..3).map(|class| if class == row.2 { 2.0 } else { 0.0 }))
        .collect();
    Predictions::new(&indices, &labels, &logits, 3).unwrap()
}

fn epoch((epoch, loss, accuracy): (usize, f64, f64)) -> Epoch {
    let scores = |by: f64| Scores {
        loss: loss - by,
        accuracy: accuracy + by,
    };
    Epoch {
        epoch,
        train: scores(0.0),
        validation: Some(scores(0.01)),
        steps: Some(2 * epoch),
        learning_rate: Some(0.003),
        seconds: 0.25,
        gradient_norms: BTreeMap::new(),
    }
}

fn picture(index: usize, label: u8) -> Picture {
    Picture {
        index,
        label,
        rows: 2,
        columns: 2,
        pixels: vec![0, 9, 200, 255],
    }
}

fn hash(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn layer(block: &str, part: Part, parameters: u64, shapes: [Option<&[usize]>; 2]) -> Layer {
    let [original, output] = shapes.map(|shape| shape.map(<[usize]>::to_vec));
    Layer {
        block: block.into(),
        name: format!("{block}_layer"),
        kind: LayerKind::Dense,
        part,
        parameters,
        original,
        output,
    }
}

fn manifest() -> Manifest {
    Manifest {
        started_by: None,
        resumed: false,
        format: Manifest::FORMAT,
        graft: "0.1.0".into(),
        commit: Some("0123abcd-dirty".into()),
        command: [
            "/private/graft",
            "train",
            "--set",
            "training.learning_rate=0.003",
        ]
        .map(String::from)
        .into(),
        started: "2026-11-24T07:28:18Z".parse().unwrap(),
        ended: "2026-11-24T07:28:49Z".parse().unwrap(),
        recipe: "seed".into(),
        machine: Machine {
            system: "linux x86_64".into(),
            processor: Some("A Processor".into()),
            threads: 2,
            backend: "cpu".into(),
            adapter: None,
            driver: None,
            engine: "winograd 1".into(),
            dtype: "f32".into(),
            burn: Some("0.1.2".into()),
            rustc: Some("rustc 1.2.3 (abc 2026-01-01)".into()),
            peak_memory_bytes: Some(447_107_072),
        },
        pictures: Some("digit".into()),
        data: Data {
            extra: String::new(),
            source: "mnist".into(),
            images: hash('1'),
            labels: hash('2'),
            rows: 2,
            columns: 2,
            classes: 3,
            channels: 1,
            names: Vec::new(),
            border: None,
            left_out: 0,
        },
        origin: Origin {
            file: "vgg16.onnx".into(),
            sha256: hash('3'),
            producer: "tf2onnx".into(),
        },
        network: "VGG16".into(),
        layers: vec![
            layer(
                "block1",
                Part::Frozen,
                38_720,
                [Some(&[64, 112, 112]), Some(&[64, 16, 16])],
            ),
            layer("top", Part::Removed, 4_097_000, [Some(&[1000]), None]),
            layer("head", Part::Grafted, 5130, [None, Some(&[3])]),
        ],
        backbone: WeightHashes {
            files: vec![hash('5')],
            before: hash('a'),
            after: hash('a'),
            stages: Vec::new(),
        },
        cache: CacheEntry {
            result: Cached::Miss,
            computed: None,
            key: serde_json::Value::Null,
            sha256: hash('6'),
        },
        head: HeadHashes {
            before: hash('b'),
            after: hash('c'),
        },
        trained_on: 6,
        validated_on: 3,
        kept_epoch: 2,
        train: Scores {
            loss: 0.374,
            accuracy: 0.9,
        },
        validation: None,
        temperature: None,
        forecast: Some(FORECAST),
        features_bytes: Some(122_880_000),
        seconds: 31.25,
        stages: Stages {
            fetch: 0.5,
            features: 29.75,
            head: 0.75,
            checkpoints: 0.25,
        },
    }
}
