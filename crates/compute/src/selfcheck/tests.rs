//! The check finds one wrong weight, and says where.

use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use graft_network::Network;

use super::*;
use crate::device::Wanted;

/// The most capable device that this was built for; the CPU as a last resort.
fn context(folder: &Path) -> ComputeContext {
    let wanted = Wanted {
        number: None,
        allow_software: true,
    };
    let backend = Backend::COMPILED.last().copied().unwrap();
    let engine = Some(crate::engine::Engine::Burn);
    ComputeContext::new(backend, engine, wanted, &folder.join("kernels")).unwrap()
}

fn weights_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/vgg16")
}

/// Changes one value of one parameter on the device, counted from 0 in the order of the network.
struct OneWeight {
    target: usize,
    seen: usize,
}

impl ModuleMapper for OneWeight {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.seen += 1;
        if self.seen != self.target + 1 {
            return param;
        }
        param.map(|tensor| {
            let (shape, device) = (tensor.shape(), tensor.device());
            let mut values = tensor.into_data().try_into_vec_as::<f32>().unwrap();
            let middle = values.len() / 2;
            values[middle] += 10.0;
            Tensor::from_data(TensorData::new(values, shape), &device)
        })
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn one_wrong_weight_is_found_and_named() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, context) = (weights_folder(), context(scratch.path()));
    let network = Network::VGG16;
    let backbone = Backbone::load(&folder, network, network.end(), &context.device).unwrap();
    let checked = check(&backbone, &folder, &context, Precision::F32).unwrap();
    let names: Vec<_> = checked
        .iter()
        .map(|check| check.operation.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "block 1",
            "block 2",
            "block 3",
            "block 4",
            "block 5",
            "logits",
            "normalised logits",
            "logits behind hidden layers",
            "loss",
            "steps of Adam"
        ]
    );
    let worst = checked.iter().map(|check| check.difference / check.allowed);
    eprintln!("{checked:#?}");
    assert!(worst.fold(0.0, f64::max) < 0.5);

    // Weights and biases take turns: blocks 1 and 2 have two convolutions each, the others three.
    for (target, operation) in [(0, "block 1"), (10, "block 3"), (25, "block 5")] {
        let mut change = OneWeight { target, seen: 0 };
        let wrong = backbone.clone().map(&mut change);
        assert_eq!(change.seen, 2 * 13);
        let error = check(&wrong, &folder, &context, Precision::F32).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(operation) && text.contains("is allowed"),
            "{text}"
        );
    }
}

#[test]
fn the_head_s_operations_agree_with_plain_loops() {
    let scratch = tempfile::tempdir().unwrap();
    let checked = head::check(&context(scratch.path()).device).unwrap();
    assert_eq!(checked.len(), 5);
    for check in checked {
        assert!(check.passes(), "{check:?}");
    }
}

#[test]
fn what_is_no_number_never_passes() {
    for (found, difference) in [
        (&[1.0, 2.0][..], 0.0),
        (&[1.0, 2.5], 0.25),
        (&[f32::NAN, 2.0], f64::INFINITY),
        (&[1.0, f32::INFINITY], f64::INFINITY),
        (&[1.0], f64::INFINITY),
    ] {
        let norm = (1.0_f64 + 4.0).sqrt();
        for (name, measured, expected) in [
            ("largest", largest(found, &[1.0, 2.0]), difference),
            (
                "overall",
                overall(found, &[1.0, 2.0]),
                difference * 2.0 / norm,
            ),
        ] {
            let equal = measured.total_cmp(&expected).is_eq() || (measured - expected).abs() < 1e-9;
            assert!(equal, "{name} of {found:?}: {measured}");
        }
    }
}
