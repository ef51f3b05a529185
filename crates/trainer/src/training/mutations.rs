//! Mutated checkpoints whose hash is right all the same: resumed or refused, within the limits.

use burn::tensor::Device;
use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use super::State;
use super::tests::resume::stopped_after;
use super::tests::{features, holdout, initial, labelled, labels, recipe, separable};

#[test]
fn mutated_checkpoints_are_resumed_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let data = labelled(&features, &labels, &device);
    let recipe = recipe(|recipe| recipe.head.standardise = true);
    // In the middle of the first epoch, and at the end of the second.
    let corpus = [3, 12].map(|steps| stopped_after(steps, &recipe, &data).unwrap());
    let target = Target {
        name: "checkpoint",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "training::mutations::mutated_checkpoints_are_resumed_or_refused",
        limits: Limits::declaring(0),
        corpus: &corpus,
        mutations: MUTATIONS,
        words: &[
            b"module",
            b"optimiser",
            b"logits",
            b"epochs",
            b"steps",
            b"moment_1",
            b"__rank",
            b"param_id",
            b"shape",
            b"U8",
            b"F32",
            b"F64",
            b"[",
            b"{",
            b"\"",
            b"\\n",
            b"nan",
            b"inf",
        ],
        numbers: &[(0, 8)],
        own: None,
    };
    let before = initial(&recipe, &data, &holdout());
    target.run(
        |bytes| match State::from_bytes(bytes, &before, &recipe, &data, &holdout()) {
            Ok(state) => {
                assert!(state.to_bytes().is_ok());
                Verdict::Accepted
            }
            Err(message) => {
                assert!(message.contains("expected"), "{message}");
                Verdict::Refused
            }
        },
    );
}
