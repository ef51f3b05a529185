//! What a run of tests started with.

use graft_report::record::Data;
use jiff::Timestamp;

use crate::Start;

pub(crate) fn start() -> Start {
    Start {
        graft: "0.1.0".into(),
        commit: Some("c0ffee".into()),
        command: vec!["graft".into(), "train".into()],
        started: Timestamp::UNIX_EPOCH,
        recipe: "seed".into(),
        recipe_sha256: "recipe".into(),
        data: Data {
            extra: String::new(),
            source: "mnist".into(),
            images: "images".into(),
            labels: "labels".into(),
            rows: 28,
            columns: 27,
            classes: 10,
            channels: 1,
            names: Vec::new(),
            border: None,
            left_out: 0,
        },
        weights: vec!["block1".into(), "block2".into()],
        features: Some("features".into()),
        backend: "cpu".into(),
    }
}
