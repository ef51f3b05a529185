//! A training whose numbers go wrong.

use std::fs;

use crate::harness::{FOR_TRAIN, Home};

/// Steps so large that the weights are numbers after the first, and the logits of the second are none.
const RUN: [&str; 4] = [
    "--set",
    "training.learning_rate=1e38",
    "--set",
    "training.checkpoint_steps=1",
];

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn numbers_that_go_wrong_end_a_training_and_its_last_checkpoint_loads() {
    let home = Home::with(&FOR_TRAIN);
    let cause = [
        "epoch 1: training loss is ",
        "smaller training.learning_rate",
    ];
    home.train(&RUN).refuses(1, &cause);
    let [run] = &home.runs()[..] else {
        panic!("{:?}", home.runs());
    };
    assert!(!run.join("SHA256SUMS").exists());
    assert_eq!(fs::read_to_string(run.join("metrics.jsonl")).unwrap(), "");
    // From the step before it is resumed, and ends the same.
    let resumed = home.graft(&["train", "--json", "--resume", run.to_str().unwrap()]);
    let from = "is resumed after 0 epochs and 1 steps";
    resumed.refuses(1, &[from, cause[0], cause[1]]);
    // No later run takes it for a complete one.
    home.graft(&["eval"]).refuses(1, &["no complete run"]);
}
