//! An exported file, which holds everything from the pixels on, against its parts.

#[path = "../generated/colour.rs"]
mod colour;
#[path = "../generated/grey.rs"]
mod grey;

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use graft_backbone::Stages;
use graft_dataset::{Preprocessing, ResizeMode, Scaling};
use graft_export::{Classifier, Dense, Head, Images, Normalisation, Options};
use graft_network::{Boundary, Network};
use graft_onnx_import::{Imported, weights::Source};
use onnx_protobuf::FloatTensor;

use crate::generate::{burn_import, load};
use crate::random;

/// How images of `SIDES` are prepared for the exported network.
const PREPROCESSING: Preprocessing = Preprocessing {
    fit: ResizeMode::Resize,
    size: 24,
    scaling: Scaling::Caffe,
};
const SIDES: [usize; 2] = [20, 30];
const CLASSES: usize = 4;

/// VGG11 with random weights.
fn vgg11() -> Imported {
    let weights = |[input, output]: [usize; 2]| {
        let numbers = random::numbers(3, 9 * input * output);
        numbers.map(|number| (number - 0.5) / 16.0).collect()
    };
    let mut vgg11 = Imported::with_weights(Network::VGG11, Source::default(), weights).unwrap();
    for one in vgg11.stages.iter_mut().flatten() {
        one.bias = one
            .bias
            .map(|at, _| if at % 2 == 0 { 0.25 } else { -0.125 });
    }
    vgg11
}

/// The first two blocks of a network and a head.
fn classifier(network: &Imported, colour: bool) -> Classifier {
    let features = 128 * 6 * 6;
    let floats = |seed, dims: &[usize], from: f32| {
        let values = random::numbers(seed, dims.iter().product());
        FloatTensor::of(dims.to_vec(), values.map(|value| value / 8.0 + from)).unwrap()
    };
    Classifier {
        means: None,
        images: Images {
            rows: SIDES[0],
            columns: SIDES[1],
            colour,
        },
        preprocessing: PREPROCESSING,
        stages: network.stages[..2].to_vec(),
        head: Head {
            normalise: Normalisation::Standardise([
                floats(1, &[features], 0.0),
                floats(2, &[features], 9.0),
            ]),
            places: None,
            hidden: Vec::new(),
            linear: Dense {
                weight: floats(4, &[features, CLASSES], -0.06),
                bias: floats(5, &[CLASSES], 0.0),
            },
        },
        metadata: vec![],
    }
}

/// The logits of rows of features, by the head's formula.
fn logits(head: &Head, features: &[f32]) -> Vec<f64> {
    let Normalisation::Standardise([mean, deviation]) = &head.normalise else {
        return Vec::new();
    };
    let mut logits = Vec::new();
    for row in features.chunks(mean.values().len()) {
        let mut sums: Vec<f64> = head.linear.bias.values().map(f64::from).collect();
        let mut weights = head.linear.weight.values();
        for ((value, mean), deviation) in row.iter().zip(mean.values()).zip(deviation.values()) {
            let standardised = f64::from((value - mean) / deviation);
            for (sum, weight) in sums.iter_mut().zip(weights.by_ref()) {
                *sum += standardised * f64::from(weight);
            }
        }
        logits.extend(sums);
    }
    logits
}

fn assert_close(found: &[f32], expected: impl Iterator<Item = f64>) {
    let expected: Vec<f64> = expected.collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let found = f64::from(*found);
        assert!(
            (found - expected).abs() <= 2e-5 * expected.abs().max(1.0),
            "{found} {expected}"
        );
    }
}

/// Probabilities, logits and features of two images, by what `burn-import` makes of the file.
fn generated(weights: &Path, pixels: Vec<u8>, colour: bool) -> [Vec<f32>; 3] {
    let device = &Device::flex();
    let [rows, columns] = SIDES;
    let (probabilities, logits, features) = if colour {
        let images = TensorData::new(pixels, [2, rows, columns, 3]);
        let images = Tensor::<4, Int>::from_data(images, device);
        load(colour::Model::new(device), weights).forward(images)
    } else {
        let images = TensorData::new(pixels, [2, rows, columns]);
        let images = Tensor::<3, Int>::from_data(images, device);
        load(grey::Model::new(device), weights).forward(images)
    };
    [probabilities, logits, features].map(|tensor| tensor.into_data().try_into_vec_as().unwrap())
}

/// The same images as training prepares them, `[2, 3, size, size]`: blue, green, red.
fn prepared(pixels: &[u8], colour: bool) -> Vec<f32> {
    let [rows, columns] = SIDES;
    let depth = if colour { 3 } else { 1 };
    let mut all = Vec::new();
    for image in pixels.chunks(rows * columns * depth) {
        for channel in 0..3 {
            let from = if colour { 2 - channel } else { 0 };
            let plane: Vec<u8> = image.iter().skip(from).step_by(depth).copied().collect();
            let mut out = vec![0.0; PREPROCESSING.values_per_image()];
            PREPROCESSING
                .apply(&plane, rows, columns, &mut out)
                .unwrap();
            let of_one = out.len() / 3;
            all.extend_from_slice(&out[channel * of_one..][..of_one]);
        }
    }
    all
}

#[test]
fn an_exported_file_gives_what_its_parts_give() {
    let folder = tempfile::tempdir().unwrap();
    let vgg11 = vgg11();
    vgg11.write_weights(folder.path()).unwrap();
    let device = Device::flex();
    let range = Boundary::IMAGES..Boundary::after(2);
    let stages = Stages::load(folder.path(), Network::VGG11, range, &device).unwrap();
    let options = Options {
        features: true,
        ..Options::default()
    };
    for (name, colour) in [("grey", false), ("colour", true)] {
        let classifier = classifier(&vgg11, colour);
        let onnx = folder.path().join(format!("{name}.onnx"));
        classifier.write(options, &onnx).unwrap();
        let Some(weights) = burn_import(&onnx, folder.path()) else {
            continue;
        };
        let count = 2 * SIDES[0] * SIDES[1] * if colour { 3 } else { 1 };
        let pixels: Vec<u8> = (0..=u8::MAX).cycle().step_by(37).take(count).collect();
        let images = TensorData::new(prepared(&pixels, colour), [2, 3, 24, 24]);
        let maps = stages
            .forward(Tensor::from_data(images, &device))
            .into_data();
        let maps = maps.try_into_vec_as::<f32>().unwrap();
        assert!(maps.iter().any(|value| *value > 1.0), "{name}");

        let [probabilities, found, features] = generated(&weights, pixels, colour);
        assert_close(&features, maps.into_iter().map(f64::from));
        let expected = logits(&classifier.head, &features);
        assert_close(&found, expected.iter().copied());
        let softmax = expected.chunks(CLASSES).flat_map(|row| {
            let sum: f64 = row.iter().map(|logit| logit.exp()).sum();
            row.iter().map(move |logit| logit.exp() / sum)
        });
        assert_close(&probabilities, softmax);
    }
}
