//! Mutated checkpoints whose hash is right all the same: gone on from or refused, within the limits.

use burn::tensor::Device;
use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use super::Resumed;
use crate::fit::tests::resume::stopped_after;
use crate::fit::tests::{examples, features, holdout, labels, recipe, separable};

#[test]
fn mutated_checkpoints_are_gone_on_from_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels, device) = (features(folder.path(), separable), labels(), Device::flex());
    let examples = examples(&features, &labels, &device);
    let recipe = recipe(|recipe| recipe.head.standardise = true);
    // In the middle of the first epoch, and at the end of the second.
    let corpus = [3, 12].map(|steps| stopped_after(steps, &recipe, &examples).unwrap());
    let target = Target {
        name: "checkpoint",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "fit::state::mutations::mutated_checkpoints_are_gone_on_from_or_refused",
        limits: Limits::declaring(0),
        corpus: &corpus,
        mutations: MUTATIONS,
        words: &[
            b"head",
            b"logits",
            b"epochs",
            b"steps",
            b"moment_1",
            b"U8",
            b"F32",
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
    target.run(|bytes| {
        let state = Resumed::read(bytes)
            .and_then(|resumed| resumed.state(&recipe, &examples, &holdout(), None));
        match state {
            Ok(state) => {
                assert!(state.to_bytes().is_ok());
                Verdict::Accepted
            }
            Err(message) => {
                let named = message.contains("expected") || message.contains("not a");
                assert!(named, "{message}");
                Verdict::Refused
            }
        }
    });
}
