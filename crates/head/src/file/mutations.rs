//! Mutated heads: a usable head or a named error, within the limits.

use burn::tensor::Device;
use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use crate::{Head, HeadConfig, Normalisation, Statistics};

fn head(normalise: Normalisation) -> Vec<u8> {
    let config = HeadConfig {
        features: 3,
        classes: 2,
        seed: 5,
        normalise,
    };
    config.init(&Device::flex()).to_bytes().unwrap()
}

#[test]
fn mutated_heads_are_usable_or_refused() {
    let statistics = Statistics {
        mean: vec![1.0, 2.0, 3.0],
        deviation: vec![4.0, 5.0, 6.0],
    };
    let target = Target {
        name: "head",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "file::mutations::mutated_heads_are_usable_or_refused",
        limits: Limits::declaring(0),
        corpus: &[
            head(Normalisation::None),
            head(Normalisation::Standardise(statistics)),
            head(Normalisation::PowerL2 { scale: 30.0 }),
        ],
        mutations: MUTATIONS,
        words: &[
            b"linear.weight",
            b"standardise.mean",
            b"power_l2.scale",
            b"F32",
            b"F64",
            b"[",
            b"{",
            b"\"",
        ],
        numbers: &[(0, 8)],
        own: None,
    };
    target.run(|bytes| match Head::from_bytes(bytes, &Device::flex()) {
        Ok(head) => {
            let (weight, bias) = (head.weight().unwrap(), head.bias().unwrap());
            assert!(weight.iter().chain(&bias).all(|value| value.is_finite()));
            assert!(!bias.is_empty() && weight.len().is_multiple_of(bias.len()));
            // What was read is written and read again as it is.
            let again = Head::from_bytes(&head.to_bytes().unwrap(), &Device::flex()).unwrap();
            assert_eq!(again.weight().unwrap(), weight);
            Verdict::Accepted
        }
        Err(error) => {
            assert!(error.to_string().contains("head"), "{error}");
            Verdict::Refused
        }
    });
}
