//! Mutated heads: a usable head or a named error, within the limits.

use burn::tensor::Device;
use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use crate::{Dense, Head, HeadConfig, Normalisation, Statistics};

fn head(normalise: Normalisation) -> Vec<u8> {
    bytes(&HeadConfig {
        normalise,
        ..HeadConfig::linear(3, 2, 5)
    })
}

fn bytes(config: &HeadConfig) -> Vec<u8> {
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
            bytes(&HeadConfig {
                places: 4,
                hidden: vec![4, 3],
                ..HeadConfig::linear(8, 2, 5)
            }),
        ],
        mutations: MUTATIONS,
        words: &[
            b"linear.weight",
            b"standardise.mean",
            b"power_l2.scale",
            b"average_pool.places",
            b"hidden1.weight",
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
            let layers = head.layers().unwrap();
            for Dense { weight, bias } in &layers {
                assert!(weight.iter().chain(bias).all(|value| value.is_finite()));
                assert!(!bias.is_empty() && weight.len().is_multiple_of(bias.len()));
            }
            // What was read is written and read again as it is.
            let again = Head::from_bytes(&head.to_bytes().unwrap(), &Device::flex()).unwrap();
            assert_eq!(again.layers().unwrap(), layers);
            assert_eq!(again.places(), head.places());
            Verdict::Accepted
        }
        Err(error) => {
            assert!(error.to_string().contains("head"), "{error}");
            Verdict::Refused
        }
    });
}
