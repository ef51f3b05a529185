//! Mutated weights files whose hash is right all the same: read or refused, within the limits.

use std::path::Path;

use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::BlockFile;

/// The shape of the kernels in the valid file.
const SHAPE: [usize; 4] = [2, 1, 3, 3];

fn valid() -> Vec<u8> {
    let values = [0_u8; 72];
    let weight = TensorView::new(Dtype::F32, SHAPE.to_vec(), &values).unwrap();
    let bias = TensorView::new(Dtype::F32, vec![2], &values[..8]).unwrap();
    let tensors = [("conv2d1.weight", weight), ("conv2d1.bias", bias)];
    safetensors::serialize(tensors, None).unwrap()
}

#[test]
fn mutated_files_are_read_or_refused() {
    let names = ["conv2d1.weight", "conv2d1.bias"].map(str::to_owned);
    let target = Target {
        name: "block-file",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "block_file::mutations::mutated_files_are_read_or_refused",
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
    target.run(|bytes| {
        let read = BlockFile::read(Path::new("the-block"), bytes).and_then(|file| {
            file.only(&names)?;
            file.tensor("conv2d1.bias", &[2])?;
            file.tensor("conv2d1.weight", &SHAPE)
        });
        match read {
            Ok(weight) => {
                assert_eq!(weight.len(), 18);
                Verdict::Accepted
            }
            Err(error) => {
                assert!(error.to_string().contains("the-block"), "{error}");
                Verdict::Refused
            }
        }
    });
}
