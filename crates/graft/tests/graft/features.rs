//! Cached features, read as any reader of safetensors would.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::harness::Home;

/// Every entry of the cache: the hash of its images, and its features.
pub(crate) fn all(home: &Home) -> Vec<(String, Vec<f32>)> {
    let files = home.cached().into_iter().filter(|path| path.is_file());
    files.map(|path| entry(&path)).collect()
}

fn entry(path: &Path) -> (String, Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let key = header.metadata().as_ref().unwrap()["key"].clone();
    let key: Value = serde_json::from_str(&key).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let data = file.tensor("features").unwrap().data().to_vec();
    let words = data.as_chunks().0.iter();
    let features = words.map(|word| f32::from_le_bytes(*word)).collect();
    (key["images"].as_str().unwrap().to_owned(), features)
}

/// The largest difference between features of the same images, in shares of the largest feature.
pub(crate) fn difference(first: &[f32], second: &[f32]) -> f64 {
    assert_eq!(first.len(), second.len());
    let largest = first.iter().copied().fold(0.0, f32::max);
    let pairs = first.iter().zip(second).map(|(a, b)| (a - b).abs());
    f64::from(pairs.fold(0.0, f32::max) / largest)
}
