//! Mutated weights files whose hash is right all the same: read or refused, within the limits.

use std::path::Path;

use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use graft_network::{Boundary, Stage};

use super::read;

/// The stage that the valid file is of.
const STAGE: Stage = Stage {
    boundary: Boundary::after(1),
    input: 1,
    outputs: &[2],
};

fn valid() -> Vec<u8> {
    let values = [0_u8; 72];
    let weight = TensorView::new(Dtype::F32, vec![2, 1, 3, 3], &values).unwrap();
    let bias = TensorView::new(Dtype::F32, vec![2], &values[..8]).unwrap();
    let tensors = [("conv2d1.weight", weight), ("conv2d1.bias", bias)];
    safetensors::serialize(tensors, None).unwrap()
}

#[test]
fn mutated_files_are_read_or_refused() {
    let target = Target {
        name: "stage-file",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "stage_file::mutations::mutated_files_are_read_or_refused",
        limits: Limits::declaring(0),
        corpus: &[valid()],
        mutations: MUTATIONS,
        words: &[
            b"conv2d1.bias",
            b"data_offsets",
            b"F32",
            b"F16",
            b"[",
            b"{",
            b"\"",
        ],
        numbers: &[(0, 8)],
        own: None,
    };
    target.run(|bytes| match read(STAGE, Path::new("the-stage"), bytes) {
        Ok(convolutions) => {
            let [one] = &convolutions[..] else {
                panic!("{} convolutions", convolutions.len())
            };
            assert_eq!((one.weight.len(), one.bias.len()), (18, 2));
            Verdict::Accepted
        }
        Err(error) => {
            assert!(error.to_string().contains("the-stage"), "{error}");
            Verdict::Refused
        }
    });
}
