//! Every block's output against ONNX Runtime's, whose numbers `scripts/reference.py` has written.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests say what they expect by failing, and this one how far off it was"
)]

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use graft_backbone::{Backbone, Boundary, CpuBackbone};
use graft_dataset::{IdxPair, ImageSet, Preprocessing, Split};
use safetensors::SafeTensors;

/// How far a value may be off, as a part of the largest in its output. Seen on a CPU: 6e-7.
const TOLERANCE: f64 = 1e-5;
/// The same for the engine for CPUs against Burn's, all values of every block.
const ENGINE_TOLERANCE: f32 = 1e-4;
/// How many of the first training digits the reference has.
const DIGITS: usize = 4;
/// About how many values of an output the reference keeps.
const SAMPLE: usize = 256;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn real_digits_give_what_onnx_runtime_gives() {
    let pair = IdxPair::find(&models().join("mnist"), Split::Train).unwrap();
    let set = ImageSet::read(&pair.images, &pair.labels, 10)
        .unwrap()
        .first(DIGITS)
        .unwrap();
    let batch = Preprocessing::default().batch(&set, 0..DIGITS).unwrap();
    compare("digits", &batch.values, batch.shape);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn random_images_give_what_onnx_runtime_gives() {
    for size in [32, 48, 64] {
        compare(
            &format!("random{size}"),
            &random_image(size),
            [1, 3, size, size],
        );
    }
}

/// The image that `random_image` in `scripts/reference.py` makes: a linear congruential generator
/// seeded with the size, the upper 24 bits of its state over 2^24.
#[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32 exactly")]
fn random_image(size: usize) -> Vec<f32> {
    let mut state = u32::try_from(size).unwrap();
    (0..3 * size * size)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        })
        .collect()
}

/// Compares all five outputs with the reference: sampled values, largest value, sums.
fn compare(set: &str, values: &[f32], shape: [usize; 4]) {
    let device = Device::flex();
    let backbone = Backbone::load(&models().join("vgg16"), Boundary::Block5, &device).unwrap();
    let images = Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &device);
    let outputs = backbone.block_outputs(images.clone()).unwrap();
    assert_eq!(outputs.len(), Boundary::ALL.len());

    let bytes = include_bytes!("reference/blocks.safetensors");
    let reference = SafeTensors::deserialize(bytes).unwrap();
    let [batch, _, height, width] = shape;
    for (boundary, output) in Boundary::ALL.into_iter().zip(&outputs) {
        let feature_shape = boundary.feature_shape(height, width).unwrap();
        assert_eq!(output.dims()[1..], feature_shape, "{set} {boundary}");
        let found: Vec<f32> = output.to_data().try_into_vec_as().unwrap();
        let sample = floats(&reference, &format!("{set}.{boundary}.sample"));
        let summary = doubles(&reference, &format!("{set}.{boundary}.summary"));
        assert_eq!(summary.len(), 3 * batch, "{set} {boundary}");
        for (image, ((found, sample), summary)) in found
            .chunks_exact(found.len() / batch)
            .zip(sample.chunks_exact(sample.len() / batch))
            .zip(summary.as_chunks().0)
            .enumerate()
        {
            compare_image(
                &format!("{set} {image} {boundary}"),
                found,
                sample,
                *summary,
            );
        }
    }

    for boundary in Boundary::ALL {
        let cpu = CpuBackbone::load(&models().join("vgg16"), boundary).unwrap();
        let expected: Vec<f32> = outputs[boundary.number() - 1]
            .to_data()
            .try_into_vec_as()
            .unwrap();
        let found = cpu.features(values, shape).unwrap();
        let largest = expected.iter().copied().fold(0.0, f32::max);
        let pairs = found.iter().zip(&expected);
        let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
        println!("{set} {boundary}: the engine for CPUs is off by {off:.1e}");
        assert!(
            found.len() == expected.len() && off <= ENGINE_TOLERANCE,
            "{set} {boundary}: off by {off}"
        );
    }

    let last = outputs.last().unwrap().to_data();
    let features = backbone.features(images).unwrap().into_data();
    assert!(features == last, "features are not the last block's output");
}

/// Compares one image's output with its sample and with its largest value, sum and sum of squares.
fn compare_image(what: &str, found: &[f32], sample: &[f32], [largest, sum, squares]: [f64; 3]) {
    let stride = (found.len() / SAMPLE) | 1;
    assert_eq!(found.len().div_ceil(stride), sample.len(), "{what}");
    let difference = found
        .iter()
        .step_by(stride)
        .zip(sample)
        .map(|(found, expected)| f64::from((found - expected).abs()))
        .fold(0.0, f64::max);
    let wide = || found.iter().map(|&value| f64::from(value));
    // No value is negative after a ReLU, so sums lose no digits.
    let off = [
        difference / largest,
        (wide().fold(0.0, f64::max) - largest).abs() / largest,
        (wide().sum::<f64>() - sum).abs() / sum,
        (wide().map(|value| value * value).sum::<f64>() - squares).abs() / squares,
    ];
    println!(
        "{what}: off by {}",
        off.map(|part| format!("{part:.1e}")).join(" ")
    );
    // A NaN is not within either.
    let within = off.iter().all(|part| *part <= TOLERANCE);
    assert!(
        within,
        "{what}: sample, largest, sum or squares off by {off:?}"
    );
}

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let (values, []) = file.tensor(name).unwrap().data().as_chunks() else {
        panic!("{name}: not whole f32 values")
    };
    values.iter().copied().map(f32::from_le_bytes).collect()
}

fn doubles(file: &SafeTensors, name: &str) -> Vec<f64> {
    let (values, []) = file.tensor(name).unwrap().data().as_chunks() else {
        panic!("{name}: not whole f64 values")
    };
    values.iter().copied().map(f64::from_le_bytes).collect()
}
