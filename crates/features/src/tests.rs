//! Entries that are written, damaged and read.

use graft_recipe::Dtype;

use super::{CacheError, Features, Key, Writer};
use graft_backbone::Boundary;
use graft_compute::Backend;
use graft_dataset::{ImageSet, Preprocessing};
use graft_fuzz::{Damage, Limits, MUTATIONS, Target, Verdict, place};
use std::fs;
use std::path::Path;

fn key(pixel: u8) -> Key {
    let set = ImageSet::new(1, 1, vec![pixel; 3], vec![0; 3], 10).unwrap();
    Key::new(
        &set,
        &[],
        Preprocessing::default(),
        Boundary::Block1,
        Dtype::F32,
        Backend::Cpu,
        "test".into(),
    )
}

fn write(path: &Path, key: &Key) {
    let mut writer = Writer::create(path, key, [2, 1, 1]).unwrap();
    writer.append(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    writer.append(&[5.0, 6.0]).unwrap();
    writer.finish().unwrap();
}

#[test]
fn reads_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let features = Features::open(&path, &key(0)).unwrap();
    assert_eq!((features.images(), features.width()), (3, 2));
    assert_eq!(features.rows(&[1]), [3.0, 4.0]);
    assert_eq!(features.rows(&[2, 0]), [5.0, 6.0, 1.0, 2.0]);
}

#[test]
fn is_another_key_s_miss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    assert!(matches!(
        Features::open(&path, &key(0)),
        Err(CacheError::Missing(_))
    ));
    write(&path, &key(0));
    assert!(matches!(
        Features::open(&path, &key(1)),
        Err(CacheError::Corrupt { .. })
    ));
}

#[test]
fn every_damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let good = fs::read(&path).unwrap();
    for damage in Damage::sample(good.len()) {
        place(&path, &damage.of(&good));
        let opened = Features::open(&path, &key(0));
        assert!(opened.is_err(), "{damage:?} went unnoticed");
    }
}

#[test]
fn mutated_entries_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let good = fs::read(&path).unwrap();
    let target = Target {
        name: "cache",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "cache::tests::mutated_entries_are_refused",
        limits: Limits::declaring(0),
        corpus: std::slice::from_ref(&good),
        mutations: MUTATIONS,
        words: &[
            b"features",
            b"data_offsets",
            b"sha256",
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
        place(&path, bytes);
        match Features::open(&path, &key(0)) {
            Ok(features) => {
                assert_eq!(features.rows(&[2, 0]), [5.0, 6.0, 1.0, 2.0]);
                Verdict::Accepted
            }
            Err(error) => {
                assert!(error.to_string().contains("entry"), "{error}");
                Verdict::Refused
            }
        }
    });
}

#[test]
fn an_entry_that_is_not_full_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    let mut writer = Writer::create(&path, &key(0), [2, 1, 1]).unwrap();
    writer.append(&[1.0]).unwrap();
    assert!(writer.finish().is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn halves_take_half_the_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let whole = fs::metadata(&path).unwrap().len();
    let mut key = key(0);
    key.dtype = Dtype::F16;
    write(&path, &key);
    assert_eq!(whole - fs::metadata(&path).unwrap().len(), 12);
    assert_eq!(
        Features::open(&path, &key).unwrap().rows(&[2, 0]),
        [5.0, 6.0, 1.0, 2.0]
    );
    let mut writer = Writer::create(&path, &key, [2, 1, 1]).unwrap();
    let error = writer.append(&[1e6]).unwrap_err().to_string();
    assert!(
        error.contains("1000000") && error.contains("backbone.dtype=f32"),
        "{error}"
    );
}
