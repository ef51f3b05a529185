//! Entries that are written, interrupted, damaged and read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graft_compute::Backend;
use graft_dataset::{ImageSet, Preprocessing};
use graft_fuzz::{Damage, Limits, MUTATIONS, Target, Verdict, place};
use graft_network::Boundary;
use graft_recipe::Dtype;

use crate::manifest::Manifest;
use crate::{Error, Features, Key, Writer};

/// Nine images of two values each: in tests, four to a shard.
const IMAGES: u8 = 9;
const MAP: [usize; 3] = [2, 1, 1];

pub(crate) fn key(pixel: u8) -> Key {
    let count = usize::from(IMAGES);
    key_of(&set(&vec![pixel; count]), "test")
}

/// Images of one pixel each.
pub(crate) fn set(pixels: &[u8]) -> ImageSet {
    ImageSet::new(1, 1, pixels.to_vec(), vec![0; pixels.len()], 10).unwrap()
}

pub(crate) fn key_of(set: &ImageSet, engine: &str) -> Key {
    let (preprocessing, boundary) = (Preprocessing::default(), Boundary::after(1));
    let (dtype, backend) = (Dtype::F32, Backend::Cpu);
    Key::new(
        set,
        &[],
        preprocessing,
        boundary,
        dtype,
        backend,
        engine.into(),
    )
}

fn image(index: usize) -> [f32; 2] {
    let value = f32::from(u8::try_from(index).unwrap());
    [value, -value / 3.0]
}

fn open(path: &Path, key: &Key) -> Writer {
    Writer::open(path, key, MAP).unwrap()
}

/// Appends what is missing, image by image, but no more than `most`.
fn fill(writer: &mut Writer, most: usize) -> usize {
    let next = |writer: &mut Writer| {
        let image = image(writer.missing()?.start);
        writer.append(&image).unwrap();
        Some(())
    };
    (0..most).map_while(|_| next(writer)).count()
}

pub(crate) fn write(path: &Path, key: &Key) -> Features {
    let mut writer = open(path, key);
    fill(&mut writer, usize::MAX);
    writer.finish().unwrap()
}

/// All files of an entry.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn reads_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    let missing = Features::open(&path, &key(0));
    assert!(matches!(missing, Err(Error::Missing(_))));
    write(&path, &key(0));
    let features = Features::open(&path, &key(0)).unwrap();
    assert_eq!((features.images(), features.width()), (9, 2));
    for index in 0..9 {
        assert_eq!(features.rows(&[index]).unwrap(), image(index));
    }
    assert_eq!(
        features.rows(&[8, 3]).unwrap(),
        [image(8), image(3)].concat()
    );
    let held: Vec<_> = (0..9).flat_map(image).collect();
    let held = Features::held(&held, 2);
    assert_eq!((held.images(), held.width()), (9, 2));
    assert_eq!(held.rows(&[8, 3]).unwrap(), features.rows(&[8, 3]).unwrap());
    // Neither is it taken for another key's, nor for complete where it has no manifest.
    let other = Features::open(&path, &key(1));
    assert!(matches!(other, Err(Error::Corrupt { .. })));
    fs::remove_file(Manifest::path(&path)).unwrap();
    let partial = Features::open(&path, &key(0));
    assert!(matches!(partial, Err(Error::Missing(_))));
}

#[test]
fn pages_that_were_given_back_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let features = write(&folder.path().join("entry"), &key(0));
    let all: Vec<usize> = (0..9).collect();
    let before = features.rows(&all).unwrap();
    let indices: Vec<usize> = all.iter().copied().cycle().take(1 << 20).collect();
    // 8 MiB each: more than may stay in memory after the fifth.
    for _ in 0..5 {
        assert_eq!(features.rows(&indices).unwrap().len(), 2 * indices.len());
    }
    assert_eq!(features.rows(&all).unwrap(), before);
}

#[test]
fn interrupted_anywhere_an_entry_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    let sha256 = write(&path, &key(0)).sha256().to_owned();
    let whole = files(&path);
    assert_eq!(whole.len(), 4, "three shards and a manifest");
    for first in 0..=9 {
        for second in [0, 1, 4, 9] {
            fs::remove_dir_all(&path).unwrap();
            let mut writer = open(&path, &key(0));
            assert_eq!(fill(&mut writer, first), first);
            drop(writer); // As if killed: what is in no shard is lost.
            let mut writer = open(&path, &key(0));
            // The last shard has one image.
            assert_eq!(writer.images(), if first == 9 { 9 } else { first / 4 * 4 });
            fill(&mut writer, second);
            drop(writer);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(".graft-killed.tmp"), "half").unwrap();
            let features = write(&path, &key(0));
            assert_eq!(features.sha256(), sha256);
            assert_eq!(files(&path), whole, "after {first} and {second} images");
        }
    }
}

#[test]
fn every_damage_is_found_and_only_what_is_damaged_is_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let whole = files(&path);
    for (number, (file, good)) in whole.iter().enumerate() {
        // A hash in the manifest that is damaged is that of a file which is not there.
        let (images, named) = match number {
            3 => (0, &path),
            _ => ([4, 4, 1][number], file),
        };
        for damage in Damage::sample(good.len()) {
            place(file, &damage.of(good));
            let found = Features::open(&path, &key(0));
            let Err(error @ Error::Corrupt { .. }) = found else {
                panic!("{damage:?} of {} went unnoticed", file.display());
            };
            let error = error.to_string();
            assert!(error.contains(named.to_str().unwrap()), "{error}");
            let mut writer = open(&path, &key(0));
            assert_eq!(fill(&mut writer, usize::MAX), images, "{damage:?}");
            writer.finish().unwrap();
            assert_eq!(files(&path), whole, "{damage:?}");
        }
        fs::remove_file(file).unwrap();
        assert!(Features::open(&path, &key(0)).is_err());
        write(&path, &key(0));
    }
}

#[test]
fn a_shard_that_is_damaged_while_others_are_written_is_not_completed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    let mut writer = open(&path, &key(0));
    fill(&mut writer, 5);
    let shard = files(&path).into_keys().next().unwrap();
    fs::write(&shard, [0; 32]).unwrap();
    fill(&mut writer, 9);
    let error = writer.finish().err().unwrap().to_string();
    assert!(error.contains(shard.to_str().unwrap()), "{error}");
    assert!(Features::open(&path, &key(0)).is_err());
}

#[test]
fn mutated_manifests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    let manifest = Manifest::path(&path);
    let good = fs::read(&manifest).unwrap();
    let target = Target {
        name: "cache",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "tests::mutated_manifests_are_refused",
        limits: Limits::declaring(0),
        corpus: std::slice::from_ref(&good),
        mutations: MUTATIONS,
        words: &[b"entry", b"shards", b"sha256", b"shape", b"[", b"{", b"\""],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        place(&manifest, bytes);
        match Features::open(&path, &key(0)) {
            Ok(features) => {
                assert_eq!(
                    features.rows(&[8, 3]).unwrap(),
                    [image(8), image(3)].concat()
                );
                Verdict::Accepted
            }
            Err(error) => {
                assert!(error.to_string().contains("entry"), "{error}");
                Verdict::Refused
            }
        }
    });
}

/// This crate's tests are built without object stores.
#[test]
fn shards_that_stay_in_an_object_store_are_not_computed_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    write(&path, &key(0));
    assert!(!Features::are_stored(&path));
    let mut manifest = Manifest::read(&path).unwrap();
    manifest.at = Some("s3://bucket/entry".into());
    let open = |manifest: &Manifest| {
        place(&Manifest::path(&path), &crate::key::json(manifest));
        Features::open(&path, &key(0)).err().unwrap()
    };
    let untold = open(&manifest);
    assert!(matches!(untold, Error::Gathered { .. }), "{untold}");
    assert!(untold.to_string().contains("an entity tag"), "{untold}");
    manifest.versions = vec!["a".into(); manifest.shards.len()];
    let without = open(&manifest);
    assert!(matches!(without, Error::Dataset(_)), "{without}");
    assert!(without.to_string().contains("--stores"), "{without}");
    assert!(Features::are_stored(&path));
}

#[test]
fn an_entry_that_is_not_full_or_too_full_is_refused() {
    for (count, excess, found) in [(7, 0, 7), (8, 2, 10)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        let mut writer = open(&path, &key(0));
        fill(&mut writer, count);
        assert_eq!(writer.missing(), Some(count..9));
        writer.append(&[1.0; 2].repeat(excess)).unwrap();
        let error = writer.finish().err().unwrap().to_string();
        let expected = format!("expected features of 9 images, found {found}");
        assert!(error.contains(&expected), "{error}");
        assert!(!Manifest::path(&path).exists());
    }
}

#[test]
fn what_is_no_number_is_named_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    for dtype in [Dtype::F32, Dtype::F16] {
        for value in [f32::NAN, f32::NEG_INFINITY] {
            let mut key = key(0);
            key.dtype = dtype;
            let mut writer = open(&path, &key);
            fill(&mut writer, 1);
            let error = writer.append(&[1.0, 1.0, 1.0, value]).unwrap_err();
            let expected = format!("image 2 (counted from 0) hold {value}");
            assert!(error.to_string().contains(&expected), "{error}");
            assert_eq!(writer.images(), 1);
        }
    }
}

#[test]
fn halves_take_half_the_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry");
    let mut key = key(0);
    key.dtype = Dtype::F16;
    let features = write(&path, &key);
    assert_eq!(features.rows(&[3]).unwrap(), [3.0, -1.0]);
    let shards: usize = files(&path)
        .into_iter()
        .filter(|(file, _)| file != &Manifest::path(&path))
        .map(|(_, content)| content.len())
        .sum();
    assert_eq!(shards, 9 * 4);
    let other = folder.path().join("other");
    let error = open(&other, &key).append(&[1e6]).unwrap_err().to_string();
    assert!(
        error.contains("1000000") && error.contains("backbone.dtype=f32"),
        "{error}"
    );
}
