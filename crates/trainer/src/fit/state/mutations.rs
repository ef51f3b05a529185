//! Mutated checkpoints whose hash is right all the same: read or refused, within the limits.

use burn::tensor::Device;
use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};
use graft_head::HeadConfig;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::{PLACE, Resumed};

const EPOCH: &str =
    "[[epochs]]\nepoch = 1\nseconds = 0.5\ntrain = { loss = 0.5, accuracy = 0.25 }\n";

/// A checkpoint after one epoch and two steps.
fn valid() -> Vec<u8> {
    let config = HeadConfig {
        features: 3,
        classes: 2,
        seed: 5,
        statistics: None,
    };
    let head = config.init(&Device::flex()).to_bytes().unwrap();
    let view = |dtype, length, bytes| TensorView::new(dtype, vec![length], bytes).unwrap();
    let tensors = [
        ("head", view(Dtype::U8, head.len(), &head)),
        ("optimiser", view(Dtype::U8, 4, &[1, 2, 3, 4])),
        ("logits", view(Dtype::F32, 4, &[0; 16])),
    ];
    let place = format!("format = 1\nsteps = 2\nseconds = 0.5\n{EPOCH}");
    safetensors::serialize(tensors, Some([(PLACE.to_owned(), place)].into())).unwrap()
}

#[test]
fn mutated_checkpoints_are_read_or_refused() {
    let target = Target {
        name: "checkpoint",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "fit::state::mutations::mutated_checkpoints_are_read_or_refused",
        limits: Limits::declaring(0),
        corpus: &[valid()],
        mutations: MUTATIONS,
        words: &[
            b"head", b"logits", b"epochs", b"U8", b"F32", b"[", b"{", b"\"", b"\\n",
        ],
        numbers: &[(0, 8)],
        own: None,
    };
    target.run(|bytes| match Resumed::read(bytes) {
        Ok(resumed) => {
            let _ = (resumed.epochs().len(), resumed.head(&Device::flex()));
            Verdict::Accepted
        }
        Err(message) => {
            assert!(message.contains("expected a checkpoint"), "{message}");
            Verdict::Refused
        }
    });
}
