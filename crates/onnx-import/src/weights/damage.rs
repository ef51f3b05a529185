//! A weights folder with damage of every kind: no flipped bit and no truncation goes unnoticed, and
//! mutated files are refused within the limits.

use std::fs;
use std::path::Path;

use graft_fuzz::{Damage, Limits, MUTATIONS, Target, Verdict, place};
use graft_network::Network;
use onnx_protobuf::FloatTensor;
use tempfile::TempDir;

use super::{MANIFEST, Manifest, read_block, read_manifest};
use crate::Convolution;
use crate::Imported;
use crate::weights::Source;

/// A folder of small blocks, as it is written.
fn folder() -> (TempDir, Manifest) {
    let convolution = |value: f32| Convolution {
        weight: FloatTensor::new(vec![2, 1, 3, 3], value.to_le_bytes().repeat(18).into()).unwrap(),
        bias: FloatTensor::zeros(2),
    };
    let source = Source {
        file: "vgg16.onnx".into(),
        sha256: "ab".repeat(32),
        producer: "a test".into(),
        producer_version: "1".into(),
    };
    let blocks =
        [1.0, 2.0, 3.0, 4.0, 5.0].map(|value| vec![convolution(value), convolution(-value)]);
    let folder = tempfile::tempdir().unwrap();
    let imported = Imported {
        source,
        network: Network::default(),
        stages: blocks.into(),
    };
    let manifest = imported.write_weights(folder.path()).unwrap();
    (folder, manifest)
}

/// Whether every file of the folder is what was written.
fn is_sound(folder: &Path) -> bool {
    read_manifest(folder)
        .is_ok_and(|manifest| (1..=5).all(|block| read_block(folder, &manifest, block).is_ok()))
}

#[test]
fn every_damage_is_found() {
    let (folder, _) = folder();
    assert!(is_sound(folder.path()));
    for file in [MANIFEST, "block1.safetensors", "block5.safetensors"] {
        let path = folder.path().join(file);
        let good = fs::read(&path).unwrap();
        for damage in Damage::sample(good.len()) {
            place(&path, &damage.of(&good));
            assert!(
                !is_sound(folder.path()),
                "{file}: {damage:?} went unnoticed"
            );
        }
        place(&path, &good);
    }
    assert!(is_sound(folder.path()));
}

#[test]
fn mutated_manifests_are_refused() {
    let (folder, manifest) = folder();
    let json = manifest.to_json().unwrap();
    let target = Target {
        name: "weights-manifest",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "weights::damage::mutated_manifests_are_refused",
        limits: Limits::declaring(0),
        corpus: std::slice::from_ref(&json),
        mutations: MUTATIONS,
        words: &[b"\"format\"", b"[", b"{", b"\"", b"null", b"\\u0000", b","],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        place(&folder.path().join(MANIFEST), bytes);
        match read_manifest(folder.path()) {
            Ok(_) => {
                assert_eq!(bytes, json);
                Verdict::Accepted
            }
            Err(error) => {
                assert!(error.to_string().contains(MANIFEST), "{error}");
                Verdict::Refused
            }
        }
    });
}
