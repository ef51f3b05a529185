//! A weights folder that is wrong ends in an error that says what and where; a right one is used as
//! far as the boundary asks for it.
#![expect(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod fixture;

use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use fixture::Entry;
use graft_backbone::{Backbone, CpuStages, Error, Stages};
use graft_network::{Boundary, Network};
use safetensors::tensor::Dtype;

#[test]
fn features_are_the_last_block_output() {
    let folder = fixture::weights(Boundary::after(3));
    let device = Device::flex();
    let images = Tensor::<4>::from_data(fixture::images(2, 16), &device);
    let whole = Backbone::load(folder.path(), Network::VGG16, Boundary::after(3), &device).unwrap();
    let outputs = whole.block_outputs(images.clone()).unwrap();
    assert_eq!(outputs.len(), 3);
    for (boundary, output) in Network::VGG16.boundaries().zip(outputs) {
        let [channels, height, width] = Network::VGG16.feature_shape(boundary, 16, 16).unwrap();
        assert_eq!(output.dims(), [2, channels, height, width]);
        // A shorter backbone gives the same, bit for bit, and needs no more.
        let short = Backbone::load(folder.path(), Network::VGG16, boundary, &device).unwrap();
        assert_eq!(short.boundary(), boundary);
        let features = short.features(images.clone()).unwrap();
        let (features, output) = (features.into_data(), output.into_data());
        assert!(features == output, "{boundary}");
        let values: Vec<f32> = features.try_into_vec_as().unwrap();
        assert!(
            values.iter().any(|value| *value > 0.0),
            "{boundary}: all dead"
        );
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let folder = fixture::weights(Boundary::after(3));
    let device = Device::flex();
    let backbone =
        Backbone::load(folder.path(), Network::VGG16, Boundary::after(3), &device).unwrap();
    let images = Tensor::<4>::from_data(fixture::images(5, 32), &device);
    let together = backbone.features(images.clone()).unwrap();
    for (image, expected) in images.split(1, 0).into_iter().zip(together.split(1, 0)) {
        let alone = backbone.features(image).unwrap();
        assert!(alone.into_data() == expected.into_data(), "other bits");
    }
}

#[test]
fn parameters_are_as_many_as_in_the_paper() {
    let folder = fixture::weights(Boundary::after(3));
    for (boundary, parameters) in [
        (Boundary::after(1), 38_720),
        (Boundary::after(2), 260_160),
        (Boundary::after(3), 1_735_488),
    ] {
        let backbone =
            Backbone::load(folder.path(), Network::VGG16, boundary, &Device::flex()).unwrap();
        assert_eq!(backbone.num_params(), parameters, "{boundary}");
    }
}

#[test]
fn images_that_cannot_pass_are_refused() {
    let folder = fixture::weights(Boundary::after(1));
    let device = Device::flex();
    let backbone =
        Backbone::load(folder.path(), Network::VGG16, Boundary::after(1), &device).unwrap();
    for (shape, expected) in [
        ([1, 1, 8, 8], "found 1 channels"),
        ([1, 3, 1, 8], "at least 2x2 pixels, found 1x8"),
        ([1, 3, 8, 0], "at least 2x2 pixels, found 8x0"),
    ] {
        let images = Tensor::<4>::zeros(shape, &device);
        for error in [
            backbone.features(images.clone()).unwrap_err(),
            backbone.block_outputs(images).unwrap_err(),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

#[test]
fn a_folder_without_weights_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Backbone::load(
        folder.path(),
        Network::VGG16,
        Boundary::after(1),
        &Device::flex(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("weights.json"), "{error}");
}

#[test]
fn a_flipped_byte_is_found() {
    let folder = fixture::weights(Boundary::after(2));
    let file = folder.path().join("block2.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let load = |boundary| Backbone::load(folder.path(), Network::VGG16, boundary, &Device::flex());
    let error = load(Boundary::after(2)).unwrap_err();
    assert!(matches!(error, Error::Weights(_)), "{error}");
    assert!(error.to_string().contains("block2.safetensors"), "{error}");
    // What is not asked for is not read.
    assert!(load(Boundary::after(1)).is_ok());
}

/// A change to a block's file, and what the error says of it.
type Case = (fn(&mut Vec<Entry>), &'static str);

#[test]
fn every_tensor_is_accounted_for() {
    let cases: [Case; 6] = [
        (
            |entries| drop(entries.remove(1)),
            "expected a tensor `conv2d1.bias`, F32 [64], found only \
             `conv2d1.weight`, `conv2d2.bias`, `conv2d2.weight`",
        ),
        (
            |entries| entries[1].0 = "bias".into(),
            "expected a tensor `conv2d1.bias`, F32 [64], found only `bias`, `conv2d1.weight`",
        ),
        (Vec::clear, ", found an empty file"),
        (
            |entries| entries.push(("conv2d3.bias".into(), vec![1], Dtype::F32, vec![0; 4])),
            "expected no tensor `conv2d3.bias`, found one",
        ),
        (
            |entries| entries[0].1 = vec![3, 64, 3, 3],
            "expected a tensor `conv2d1.weight`, F32 [64, 3, 3, 3], found F32 [3, 64, 3, 3]",
        ),
        (
            |entries| (entries[1].2, entries[1].3) = (Dtype::F16, vec![0; 128]),
            "expected a tensor `conv2d1.bias`, F32 [64], found F16 [64]",
        ),
    ];
    for (change, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = fixture::entries(1, Network::VGG16.stages().next().unwrap());
        change(&mut entries);
        fixture::write_block(folder.path(), Boundary::after(1), &entries);
        fixture::write_manifest(folder.path());
        let burn = Backbone::load(
            folder.path(),
            Network::VGG16,
            Boundary::after(1),
            &Device::flex(),
        )
        .unwrap_err();
        let cpu = CpuStages::load(
            folder.path(),
            Network::VGG16,
            Boundary::IMAGES..Boundary::after(1),
        )
        .unwrap_err();
        for error in [burn.to_string(), cpu.to_string()] {
            for part in [expected, "block1.safetensors", "made anew"] {
                assert!(error.contains(part), "{error}: {part}");
            }
        }
    }
}

/// The largest difference between the two ways to compute, as a part of the largest feature.
fn difference(folder: &Path, boundary: Boundary, batch: usize, size: usize) -> f32 {
    let device = Device::flex();
    let images = fixture::images(batch, size);
    let shape = [batch, 3, size, size];
    let values: Vec<f32> = images.try_to_vec().unwrap();
    let burn = Backbone::load(folder, Network::VGG16, boundary, &device).unwrap();
    let burn = burn.features(Tensor::from_data(images, &device)).unwrap();
    let burn: Vec<f32> = burn.into_data().try_into_vec_as().unwrap();
    let cpu = CpuStages::load(folder, Network::VGG16, Boundary::IMAGES..boundary)
        .unwrap()
        .forward(&values, shape)
        .unwrap();
    assert_eq!(cpu.len(), burn.len());
    let off = cpu
        .iter()
        .zip(&burn)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    off / burn.iter().copied().fold(0.0, f32::max)
}

#[test]
fn both_ways_to_compute_agree() {
    let folder = fixture::weights(Boundary::after(3));
    for (boundary, batch, size) in [
        (Boundary::after(1), 3, 5),
        (Boundary::after(2), 2, 17),
        (Boundary::after(3), 2, 8),
        (Boundary::after(3), 3, 33),
    ] {
        let off = difference(folder.path(), boundary, batch, size);
        assert!(off < 1e-5, "{boundary} {size}: off by {off}");
    }
}

#[test]
fn both_ways_have_the_same_weights() {
    let folder = fixture::weights(Boundary::after(2));
    let burn = Backbone::load(
        folder.path(),
        Network::VGG16,
        Boundary::after(2),
        &Device::flex(),
    )
    .unwrap();
    let cpu = CpuStages::load(
        folder.path(),
        Network::VGG16,
        Boundary::IMAGES..Boundary::after(2),
    )
    .unwrap();
    assert_eq!(cpu.hashes(), burn.hashes().unwrap());
    let other = fixture::weights_from(2, Boundary::after(2));
    let other = CpuStages::load(
        other.path(),
        Network::VGG16,
        Boundary::IMAGES..Boundary::after(2),
    )
    .unwrap();
    assert_ne!(cpu.hashes(), other.hashes());
}

#[test]
fn a_file_that_is_no_safetensors_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [
        &b""[..],
        &[0xff; 64],
        b"\x10\0\0\0\0\0\0\0{\"a\":1}         ",
    ] {
        fs::write(folder.path().join("block1.safetensors"), bytes).unwrap();
        fixture::write_manifest(folder.path());
        let error = Backbone::load(
            folder.path(),
            Network::VGG16,
            Boundary::after(1),
            &Device::flex(),
        )
        .unwrap_err();
        assert!(matches!(error, Error::StageFile { .. }), "{error}");
        assert!(error.to_string().contains("block1.safetensors"), "{error}");
    }
}

#[test]
fn one_pass_gives_what_a_pass_for_every_block_gives() {
    let folder = fixture::weights(Boundary::after(3));
    let load = |boundary| {
        CpuStages::load(folder.path(), Network::VGG16, Boundary::IMAGES..boundary).unwrap()
    };
    let shape = [3, 3, 17, 16];
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let images: Vec<f32> = (0..3 * 3 * 17 * 16).map(|i| (i % 7) as f32 / 7.0).collect();
    let outputs = load(Boundary::after(3)).outputs(&images, shape).unwrap();
    assert_eq!(outputs.len(), 3);
    for (boundary, output) in Network::VGG16.boundaries().zip(outputs) {
        let features = load(boundary).forward(&images, shape).unwrap();
        assert!(output == features, "{boundary}");
    }
    let grey = load(Boundary::after(3)).outputs(&images, [9, 1, 17, 16]);
    assert!(grey.is_err(), "one channel");
}

#[test]
fn nothing_frozen_leaves_the_images() {
    let folder = fixture::weights(Boundary::after(1));
    let device = Device::flex();
    let images = fixture::images(2, 8);
    let burn = Backbone::load(folder.path(), Network::VGG16, Boundary::IMAGES, &device).unwrap();
    let features = burn
        .features(Tensor::from_data(images.clone(), &device))
        .unwrap();
    assert!(features.into_data() == images);
    let cpu = CpuStages::load(
        folder.path(),
        Network::VGG16,
        Boundary::IMAGES..Boundary::IMAGES,
    )
    .unwrap();
    let values: Vec<f32> = images.try_to_vec().unwrap();
    assert_eq!(cpu.forward(&values, [2, 3, 8, 8]).unwrap(), values);
    assert_eq!(cpu.hashes(), burn.hashes().unwrap());
    assert_eq!(burn.boundary(), Boundary::IMAGES);
}

#[test]
fn a_boundary_that_the_network_lacks_is_refused() {
    let folder = fixture::weights(Boundary::after(1));
    let (network, six) = (Network::VGG16, Boundary::after(6));
    let burn = Backbone::load(folder.path(), network, six, &Device::flex()).unwrap_err();
    let cpu = CpuStages::load(folder.path(), network, Boundary::IMAGES..six).unwrap_err();
    for error in [burn, cpu] {
        assert!(error.to_string().contains("VGG16 has no block6"), "{error}");
    }
}

#[test]
fn weights_of_another_network_are_refused() {
    let folder = fixture::weights(Boundary::after(1));
    let error = CpuStages::load(
        folder.path(),
        Network::VGG11,
        Boundary::IMAGES..Boundary::after(1),
    )
    .unwrap_err();
    let expected = "block1.safetensors: expected no tensor `conv2d2.";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn stages_are_written_as_they_were_read() {
    let folder = fixture::weights(Boundary::after(3));
    let (device, range) = (Device::flex(), Boundary::after(1)..Boundary::after(3));
    let stages = Stages::load(folder.path(), Network::VGG16, range.clone(), &device).unwrap();
    assert_eq!(
        (stages.network(), stages.range()),
        (Network::VGG16, range.clone())
    );
    let files = stages.to_files().unwrap();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["block2.safetensors", "block3.safetensors"]);
    for (name, bytes) in &files {
        assert!(
            fs::read(folder.path().join(name)).unwrap() == *bytes,
            "{name}"
        );
    }
    let read = |path: &Path| Ok::<_, Error>(fs::read(path).unwrap());
    let again = Stages::from_files(folder.path(), Network::VGG16, range, &device, read).unwrap();
    assert_eq!(again.hashes().unwrap(), stages.hashes().unwrap());
    assert_eq!(again.hashes().unwrap(), stages.hashes().unwrap());
}

#[test]
fn stages_in_a_row_are_the_network() {
    let folder = fixture::weights(Boundary::after(3));
    let device = Device::flex();
    let images = Tensor::<4>::from_data(fixture::images(2, 16), &device);
    let load = |range| Stages::load(folder.path(), Network::VGG16, range, &device).unwrap();
    let whole = load(Boundary::IMAGES..Boundary::after(3)).forward(images.clone());
    let frozen = load(Boundary::IMAGES..Boundary::after(2)).forward(images);
    let behind = load(Boundary::after(2)..Boundary::after(3)).forward(frozen);
    assert!(behind.into_data() == whole.into_data());
}
