//! Every block's output against ONNX Runtime's, whose numbers `scripts/reference.py` has written.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests say what they expect by failing, and this one how far off it was"
)]

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use graft_backbone::{Backbone, CpuStages};
use graft_dataset::{IdxPair, ImageSet, Preprocessing, Split};
use graft_network::{Boundary, Network};
use safetensors::SafeTensors;

/// What ONNX Runtime makes of the fetched VGG16.
const REFERENCE: &[u8] = include_bytes!("reference/blocks.safetensors");
/// How far a value may be off, as a part of the largest in its image's output; as much for the sums.
/// Seen on CPUs: 8e-7 with Burn's convolutions, 2.2e-6 with the engine for CPUs.
const TOLERANCE: f64 = 1e-5;
/// How many of the first training digits the reference has.
const DIGITS: usize = 4;
/// Height and width of the random images that the reference has.
const SIZES: [[usize; 2]; 5] = [[32, 32], [48, 48], [64, 64], [33, 47], [40, 32]];
/// About how many values of an output the reference keeps.
const SAMPLE: usize = 256;

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn burns_convolutions_give_what_onnx_runtime_gives() {
    let vgg16 = by_burns_convolutions(&models().join("vgg16"), Network::VGG16);
    compare(REFERENCE, &vgg16);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_engine_for_cpus_gives_what_onnx_runtime_gives() {
    for forward in [CpuStages::forward as Forward, alone] {
        let vgg16 = by_the_engine_for_cpus(&models().join("vgg16"), Network::VGG16, forward);
        compare(REFERENCE, &vgg16);
    }
}

/// Computes every block's output from images and their shape.
type Outputs = Box<dyn Fn(&[f32], [usize; 4]) -> Vec<Vec<f32>>>;

fn by_burns_convolutions(folder: &Path, network: Network) -> Outputs {
    let device = Device::flex();
    let backbone = Backbone::load(folder, network, network.end(), &device).unwrap();
    Box::new(move |images, shape| {
        let images = Tensor::<4>::from_data(TensorData::new(images.to_vec(), shape), &device);
        let outputs = backbone.block_outputs(images.clone()).unwrap();
        let last = outputs.last().unwrap().to_data();
        let features = backbone.features(images).unwrap().into_data();
        assert!(features == last, "features are not the last block's output");
        let values = outputs.into_iter().map(Tensor::into_data);
        values.map(|data| data.try_into_vec_as().unwrap()).collect()
    })
}

fn by_the_engine_for_cpus(folder: &Path, network: Network, forward: Forward) -> Outputs {
    let load = |boundary| CpuStages::load(folder, network, Boundary::IMAGES..boundary).unwrap();
    let backbones: Vec<_> = network.boundaries().map(load).collect();
    Box::new(move |images, shape| {
        let features = backbones.iter().map(|cpu| forward(cpu, images, shape));
        features.map(Result::unwrap).collect()
    })
}

type Forward = fn(&CpuStages, &[f32], [usize; 4]) -> Result<Vec<f32>, graft_backbone::Error>;

/// As predictions are made, image by image.
fn alone(
    cpu: &CpuStages,
    images: &[f32],
    [batch, channels, height, width]: [usize; 4],
) -> Result<Vec<f32>, graft_backbone::Error> {
    let images = images.chunks(images.len() / batch);
    let features = images.map(|image| cpu.forward_alone(image, [channels, height, width]));
    Ok(features.collect::<Result<Vec<_>, _>>()?.concat())
}

/// Compares every block's output, `[batch, channels, height, width]` row by row, with the reference,
/// for the digits and for all random images.
fn compare(reference: &[u8], outputs: &Outputs) {
    let reference = SafeTensors::deserialize(reference).unwrap();
    for (set, images, shape) in sets() {
        let outputs = outputs(&images, shape);
        assert_eq!(outputs.len(), 5, "{set}");
        let [batch, _, height, width] = shape;
        for (boundary, found) in Network::VGG16.boundaries().zip(outputs) {
            let what = format!("{set} {boundary}");
            let size = Network::VGG16
                .feature_shape(boundary, height, width)
                .unwrap();
            let values: usize = size.into_iter().product();
            assert_eq!(found.len(), batch * values, "{what}");
            let sample = floats(&reference, &format!("{set}.{boundary}.sample"));
            let summary = doubles(&reference, &format!("{set}.{boundary}.summary"));
            assert_eq!(summary.len(), 3 * batch, "{what}");
            for (image, ((found, sample), summary)) in found
                .chunks_exact(values)
                .zip(sample.chunks_exact(sample.len() / batch))
                .zip(summary.as_chunks().0)
                .enumerate()
            {
                compare_image(&format!("{what}, image {image}"), found, sample, *summary);
            }
        }
    }
}

/// Name, values and shape `[batch, 3, height, width]` of every set of images in the reference.
fn sets() -> Vec<(String, Vec<f32>, [usize; 4])> {
    let pair = IdxPair::find(&models().join("mnist"), Split::Train).unwrap();
    let set = ImageSet::read(&pair.images, &pair.labels, 10).unwrap();
    let set = set.first(DIGITS).unwrap();
    let digits = Preprocessing::default().batch(&set, 0..DIGITS).unwrap();
    let mut sets = vec![("digits".to_owned(), digits.values, digits.shape)];
    sets.extend(SIZES.map(|[height, width]| {
        let name = format!("random{height}x{width}");
        (name, random_image(height, width), [1, 3, height, width])
    }));
    sets
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The image that `random_image` in `scripts/reference.py` makes: a linear congruential generator
/// seeded with 1000 times the height plus the width, the upper 24 bits of its state over 2^24.
#[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32 exactly")]
fn random_image(height: usize, width: usize) -> Vec<f32> {
    let mut state = u32::try_from(1000 * height + width).unwrap();
    (0..3 * height * width)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        })
        .collect()
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

/// Exports of random weights, imported; `scripts/full_fixtures.sh` makes them and their references.
#[cfg(test)]
mod full {
    use super::*;
    use graft_onnx_import::Imported;

    #[test]
    #[ignore = "installs TensorFlow and PyTorch; run by cargo xtask test --full"]
    fn every_export_gives_what_onnx_runtime_gives() {
        let folder = std::env::var_os("GRAFT_FULL_FIXTURES").expect(
            "GRAFT_FULL_FIXTURES names the folder that scripts/full_fixtures.sh has filled",
        );
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let references: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|end| end == "safetensors"))
            .collect();
        assert!(references.len() > 1, "found only {references:?}");
        for path in references {
            println!("{}", path.display());
            let imported = Imported::read(&path.with_extension("onnx")).unwrap();
            let (network, name) = (imported.network, path.file_stem().unwrap());
            assert!(
                name.to_string_lossy().starts_with(network.name),
                "{network}"
            );
            let weights = tempfile::tempdir().unwrap();
            imported.write_weights(weights.path()).unwrap();
            let reference = std::fs::read(&path).unwrap();
            compare(&reference, &by_burns_convolutions(weights.path(), network));
            let cpu = by_the_engine_for_cpus(weights.path(), network, CpuStages::forward);
            compare(&reference, &cpu);
        }
    }
}
