//! A device whose memory is full: batches get smaller, and the features stay what they are.

use serde_json::Value;

use crate::features::{all, difference};
use crate::harness::{FOR_TRAIN, Home};

/// Few enough images for a device in software, and more than one of its batches.
const TRAIN: [&str; 6] = [
    "train",
    "--json",
    "--set",
    "data.limit=40",
    "--set",
    "data.validation=8",
];

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn less_memory_changes_the_batches_and_not_the_features() {
    let home = Home::with(&FOR_TRAIN);
    let found = with_less_memory(&home, &["--engine", "burn"]);
    assert!(found < 1e-5, "{found}");
    // Nothing is left to halve.
    home.graft(&["cache", "clear"]).succeeds();
    let train = [&TRAIN[..], &["--engine", "burn"]].concat();
    home.graft_with(&train, &[("GRAFT_DEVICE_ROOM", "0")])
        .refuses(
            1,
            &[
                "too little memory even for the smallest batch",
                "--backend cpu",
            ],
        );
    home.graft_with(&train, &[("GRAFT_DEVICE_ROOM", "many")])
        .refuses(1, &["GRAFT_DEVICE_ROOM", "\"many\""]);
    assert!(all(&home).is_empty());
}

/// Trains twice: on all the device's memory, and with memory for batches of five images. Both must learn
/// the same; returns the largest difference of features, in shares of the largest.
pub(crate) fn with_less_memory(home: &Home, options: &[&str]) -> f64 {
    let train = [&TRAIN[..], options].concat();
    let whole = home.graft(&train).json();
    let expected = all(home);
    home.graft(&["cache", "clear"]).succeeds();
    let outcome = home.graft_with(&train, &[("GRAFT_DEVICE_ROOM", "5")]);
    for batch in [16, 8, 4] {
        let said = format!("continuing with batches of {batch} images");
        assert!(outcome.err.contains(&said), "{}", outcome.err);
    }
    let halved = outcome.json();
    assert_eq!(
        (&whole["cache"], &halved["cache"]),
        (&"miss".into(), &"miss".into())
    );
    for split in ["train", "validation"] {
        assert_eq!(
            whole[split]["accuracy"], halved[split]["accuracy"],
            "{split}"
        );
        let loss = |run: &Value| run[split]["loss"].as_f64().unwrap();
        assert!(
            (loss(&whole) - loss(&halved)).abs() < 1e-3,
            "{whole} {halved}"
        );
    }
    let [(images, expected)] = &expected[..] else {
        panic!("{} entries", expected.len())
    };
    let [(same, found)] = &all(home)[..] else {
        panic!("expected one entry")
    };
    assert_eq!(images, same);
    difference(expected, found)
}
