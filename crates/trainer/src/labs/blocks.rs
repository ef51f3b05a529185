//! Features after every block from one pass through VGG16.

use std::path::PathBuf;
use std::time::Instant;

use graft_dataset::{ImageSet, Preprocessing};
use graft_network::{Boundary, Network};
use graft_report::lab::Pass;
use graft_report::record::Cached;

use super::workbench::Workbench;
use crate::Error;
use graft_environment::interrupt::go_on;
use graft_environment::progress::Progress;
use graft_features::{self as cache, CacheError, Features, Key, Shards, room};
use graft_recipe::Dtype;

/// The features of `images` after block 1 to 5, in 16 bits, prepared as the seed recipe does. Those
/// that the cache lacks are computed in one pass and kept there.
pub(super) fn block_features(
    bench: &mut Workbench,
    name: &str,
    images: &ImageSet,
) -> Result<Vec<Features>, Error> {
    let started = Instant::now();
    let entries: Vec<(PathBuf, Key)> = Network::default()
        .boundaries()
        .map(|boundary| entry(bench, images, boundary))
        .collect();
    let mut features = Vec::new();
    let mut missing = Vec::new();
    for (path, key) in &entries {
        match Features::open(path, key) {
            Ok(found) => {
                cache::touch(path);
                features.push(Some(found));
            }
            Err(error @ CacheError::File(_)) => return Err(error.into()),
            Err(error) => {
                if let CacheError::Corrupt { .. } = error {
                    tracing::warn!("{error}; computing them anew");
                }
                missing.push((path, key));
                features.push(None);
            }
        }
    }
    let cached = if missing.is_empty() {
        Cached::Hit
    } else {
        fill(bench, name, images, &missing)?;
        Cached::Miss
    };
    let opened = features.into_iter().zip(&entries);
    let opened = opened.map(|(found, (path, key))| match found {
        Some(found) => Ok(found),
        None => Features::open(path, key),
    });
    let features = opened.collect::<Result<_, _>>()?;
    bench.passes.push(Pass {
        features: format!("{name} images, after every block"),
        images: images.len(),
        cached,
        seconds: started.elapsed().as_secs_f64(),
    });
    Ok(features)
}

fn entry(bench: &Workbench, images: &ImageSet, boundary: Boundary) -> (PathBuf, Key) {
    let key = Key::new(
        images,
        &bench.loaded.hashes[..boundary.number()],
        Preprocessing::default(),
        boundary,
        Dtype::F16,
        bench.compute.backend,
        bench.compute.engine.version(),
    );
    (key.path(&bench.home.cache()), key)
}

/// Passes all images through the backbone and writes the entries that are missing: from where their
/// shards end, and not those that another process has written meanwhile.
fn fill(
    bench: &Workbench,
    name: &str,
    images: &ImageSet,
    missing: &[(&PathBuf, &Key)],
) -> Result<(), Error> {
    let (prefix, preprocessing) = (&bench.loaded.frozen, Preprocessing::default());
    let size = preprocessing.size;
    // Every process takes them in the blocks' order, so that no two wait for each other.
    let locks = missing.iter().map(|(path, _)| room::take(path));
    let _locks = locks.collect::<Result<Vec<_>, _>>()?;
    let mut entries = Vec::new();
    for (path, key) in missing {
        if Features::open(path, key).is_err() {
            let map = Network::default().feature_shape(key.boundary, size, size)?;
            entries.push((path, key.boundary, Shards::open(path, key, map)));
        }
    }
    let sizes = || entries.iter().map(|(.., shards)| shards.entry_bytes());
    let there: u64 = entries.iter().map(|(.., shards)| shards.bytes()).sum();
    let all: u64 = sizes().sum();
    // One after another is joined from its shards.
    let needed = all + sizes().max().unwrap_or_default() - there;
    room::clear_for(&bench.home.cache(), all, needed)?;
    let label = format!("every block's features of {name} images");
    let mut progress = Progress::new(&label, images.len());
    let batch = prefix.batch(bench.compute, size);
    let done = entries.iter().map(|(.., shards)| shards.images()).min();
    let done = done.unwrap_or(images.len());
    progress.advance(done);
    for start in (done..images.len()).step_by(batch) {
        go_on()?;
        let range = start..images.len().min(start + batch);
        let inputs = preprocessing.batch(images, range.clone())?;
        let outputs = prefix.block_outputs(inputs)?;
        for (_, boundary, shards) in &mut entries {
            let output = &outputs[boundary.number() - 1];
            let (width, there) = (output.len() / range.len(), shards.images());
            if there < range.end {
                shards.append(&output[(there - start) * width..])?;
            }
        }
        progress.advance(range.len());
    }
    progress.finish();
    for (path, _, shards) in entries {
        shards.finish(path)?;
    }
    Ok(())
}
