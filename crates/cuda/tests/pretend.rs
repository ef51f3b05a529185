//! The whole way through the GPU, on a pretend driver that computes what the kernels say: weights, memory,
//! launches and what comes back. The kernels themselves need a GPU; `graft doctor --device` verifies them there.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use graft_backbone::CpuStages;
use graft_cuda::{CudaStages, supports};
use graft_network::{Boundary, Network};
use graft_recipe::Precision;

const PRETEND: &str = "GRAFT_TEST_ON_PRETEND_DRIVER";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a test of this file in a process whose driver is the pretend one.
fn on_pretend_driver(test: &str, body: fn(&Path)) {
    if env::var_os(PRETEND).is_some() {
        body(&root().join("models/vgg16"));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut compiler = Command::new("cc");
    compiler
        .args([
            "-O3",
            "-ffast-math",
            "-march=native",
            "-fopenmp",
            "-shared",
            "-fPIC",
            "-DVERSION=13000",
            "-o",
        ])
        .arg(folder.path().join("libcuda.so.1"))
        .arg(root().join("scripts/pretend_cuda/driver.c"));
    assert!(compiler.status().unwrap().success());
    // The name that is looked for first.
    let [made, other] = ["libcuda.so.1", "libcuda.so"].map(|name| folder.path().join(name));
    std::fs::copy(made, other).unwrap();
    let mut again = Command::new(env::current_exe().unwrap());
    again
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .env(PRETEND, "1")
        .env("LD_LIBRARY_PATH", folder.path());
    assert!(again.status().unwrap().success());
}

/// Every grey value in no order.
fn images(count: usize) -> Vec<f32> {
    let grey = |at: usize| u8::try_from(at * 7919 % 256).unwrap();
    (0..count).map(|at| f32::from(grey(at)) / 255.0).collect()
}

/// The largest difference, as a share of the largest value.
fn difference(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let apart = found
        .iter()
        .zip(expected)
        .map(|(a, b)| f64::from((a - b).abs() / largest));
    apart.fold(0.0, f64::max)
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn features_are_the_cpus() {
    on_pretend_driver("features_are_the_cpus", |folder| {
        assert!(supports(0).unwrap());
        let network = Network::VGG16;
        for (precision, batch, size) in [
            (Precision::F32, 3, 32),
            (Precision::F16, 2, 45),
            (Precision::Bf16, 1, 33),
        ] {
            let shape = [batch, 3, size, size];
            let images = images(shape.iter().product());
            let cpu = CpuStages::load(folder, network, Boundary::IMAGES..network.end()).unwrap();
            let expected = cpu.outputs(&images, shape).unwrap();
            let gpu = CudaStages::load(folder, network, network.end(), precision, 0).unwrap();
            let found = gpu.outputs(&images, shape).unwrap();
            assert_eq!(found.len(), 5);
            for (block, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let off = difference(found, expected);
                assert!(
                    off < precision.tolerance(),
                    "{precision}, block {}: {off}",
                    block + 1
                );
                assert!(off > 0.0, "computed by the CPU?");
            }
            if precision == Precision::F32 {
                assert_eq!(gpu.hashes().unwrap(), cpu.hashes());
            }
        }
    });
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_batch_changes_nothing() {
    on_pretend_driver("a_batch_changes_nothing", |folder| {
        let (network, cut) = (Network::VGG16, Boundary::after(2));
        let gpu = CudaStages::load(folder, network, cut, Precision::F32, 0).unwrap();
        assert_eq!((gpu.network(), gpu.boundary()), (network, cut));
        let images = images(5 * 3 * 32 * 32);
        let (image, values) = (images.len() / 5, 128 * 8 * 8);
        let whole = gpu.submit(&images, [5, 3, 32, 32]).unwrap();
        // A second batch while the first is under way, a third that is given up, and one on used memory.
        let first = gpu.submit(&images[..2 * image], [2, 3, 32, 32]).unwrap();
        drop(gpu.submit(&images[..image], [1, 3, 32, 32]).unwrap());
        let whole = whole.features().unwrap();
        let last = gpu.submit(&images[4 * image..], [1, 3, 32, 32]).unwrap();
        assert_eq!(whole.len(), 5 * values);
        assert_eq!(whole[..2 * values], first.features().unwrap());
        assert_eq!(whole[4 * values..], last.features().unwrap());
        // A pass with a wait after each phase leaves its lane as it was.
        gpu.phases(&images, [5, 3, 32, 32]).unwrap();
        let again = gpu.submit(&images, [5, 3, 32, 32]).unwrap();
        assert_eq!(again.features().unwrap(), whole);
        gpu.release();
        let error = gpu
            .submit(&images, [15, 1, 32, 32])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("found 1 channels"), "{error}");
        // Before the first block features are the images, in any precision.
        for precision in [Precision::F32, Precision::F16] {
            let none = CudaStages::load(folder, network, Boundary::IMAGES, precision, 0).unwrap();
            let features = none.submit(&images, [5, 3, 32, 32]).unwrap().features();
            assert_eq!(features.unwrap(), images);
        }
        let error = gpu
            .submit(&images[..27], [1, 3, 3, 3])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("block2"), "{error}");
    });
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn too_little_memory_is_told() {
    on_pretend_driver("too_little_memory_is_told", |folder| {
        let network = Network::VGG16;
        let gpu = CudaStages::load(folder, network, network.end(), Precision::F32, 0).unwrap();
        let few = gpu.submit(&images(3 * 32 * 32), [1, 3, 32, 32]).unwrap();
        // The maps of 400,000 images are more than 80 GiB.
        let many = vec![0.0; 400_000 * 3 * 32 * 32];
        let error = gpu.submit(&many, [400_000, 3, 32, 32]).err().unwrap();
        assert!(error.to_string().contains("out of memory"), "{error}");
        assert!(!error.is_final());
        let few = few.features().unwrap();
        let again = gpu.submit(&images(3 * 32 * 32), [1, 3, 32, 32]).unwrap();
        assert_eq!(again.features().unwrap(), few);
        let error = gpu.submit(&many[..7], [1, 3, 32, 32]).err().unwrap();
        assert!(
            error.to_string().contains("3072 values in all, found 7"),
            "{error}"
        );
    });
}
