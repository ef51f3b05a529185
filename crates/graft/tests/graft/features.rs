//! Cached features, read from their files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Home, files};

/// Every complete entry of the cache: the hash of its images, and its features.
pub(crate) fn all(home: &Home) -> Vec<(String, Vec<f32>)> {
    let entries = home.cached().into_iter();
    let entries = entries.filter(|path| path.join("entry.json").exists());
    entries.map(|path| entry(&path)).collect()
}

fn entry(path: &Path) -> (String, Vec<f32>) {
    let manifest = fs::read(path.join("entry.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let shards = files(path).into_iter().filter(|file| is_shard(file));
    let bytes: Vec<u8> = shards.flat_map(|file| fs::read(file).unwrap()).collect();
    let words = bytes.as_chunks().0.iter();
    let features: Vec<f32> = words.map(|word| f32::from_le_bytes(*word)).collect();
    let map = manifest["map"].as_array().unwrap();
    let width = map.iter().map(|size| size.as_u64().unwrap());
    let count = manifest["key"]["count"].as_u64().unwrap();
    assert_eq!(features.len() as u64, count * width.product::<u64>());
    let images = manifest["key"]["images"].as_str().unwrap();
    (images.to_owned(), features)
}

/// The shards of entries that are not complete.
pub(crate) fn finished_shards(home: &Home) -> Vec<PathBuf> {
    let entries = home.cached().into_iter();
    let partial = entries.filter(|path| !path.join("entry.json").exists());
    let files = partial.flat_map(|path| files(&path));
    files.filter(|file| is_shard(file)).collect()
}

/// Whether a file's name is a number and a hash, as those of shards are.
fn is_shard(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    name.split_once('-')
        .is_some_and(|(number, _)| number.len() == 6 && number.parse::<u32>().is_ok())
}

/// The largest difference between features of the same images, in shares of the largest feature.
pub(crate) fn difference(first: &[f32], second: &[f32]) -> f64 {
    assert_eq!(first.len(), second.len());
    let largest = first.iter().copied().fold(0.0, f32::max);
    let pairs = first.iter().zip(second).map(|(a, b)| (a - b).abs());
    f64::from(pairs.fold(0.0, f32::max) / largest)
}
