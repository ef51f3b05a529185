//! Features after every block from one pass through VGG16.

use std::path::PathBuf;
use std::time::Instant;

use graft_backbone::Boundary;
use graft_dataset::{ImageSet, Preprocessing};
use graft_report::lab::Pass;
use graft_report::record::Cached;

use super::go_on;
use super::workbench::Workbench;
use crate::Error;
use crate::cache::{self, CacheError, Dtype, Features, Key, Writer};
use crate::progress::Progress;

/// The features of `images` after block 1 to 5, in 16 bits, prepared as the seed recipe does. Those
/// that the cache lacks are computed in one pass and kept there.
pub(super) fn block_features(
    bench: &mut Workbench,
    name: &str,
    images: &ImageSet,
) -> Result<Vec<Features>, Error> {
    let started = Instant::now();
    let entries: Vec<(PathBuf, Key)> = Boundary::ALL
        .into_iter()
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

/// Passes all images through the backbone and writes the entries that are missing.
fn fill(
    bench: &Workbench,
    name: &str,
    images: &ImageSet,
    missing: &[(&PathBuf, &Key)],
) -> Result<(), Error> {
    let (prefix, preprocessing) = (&bench.loaded.prefix, Preprocessing::default());
    let size = preprocessing.size;
    let cache = bench.home.cache();
    for abandoned in graft_durable::sweep(&cache) {
        tracing::info!("deleted the abandoned {}", abandoned.display());
    }
    let mut writers = Vec::new();
    let mut bytes = 0;
    for (path, key) in missing {
        let map = key.boundary.feature_shape(size, size)?;
        bytes += (key.dtype.bytes() * images.len() * map.iter().product::<usize>()) as u64;
        writers.push((key.boundary, Writer::create(path, key, map)?));
    }
    for deleted in cache::make_room(&cache, bytes, cache::LIMIT)? {
        tracing::warn!(
            "deleted {}, unused for longest, to keep the cache small",
            deleted.display()
        );
    }
    let label = format!("every block's features of {name} images");
    let mut progress = Progress::new(&label, images.len());
    let batch = prefix.batch(size);
    for start in (0..images.len()).step_by(batch) {
        go_on()?;
        let range = start..images.len().min(start + batch);
        let inputs = preprocessing.batch(images, range.clone())?;
        let outputs = prefix.block_outputs(inputs)?;
        for (boundary, writer) in &mut writers {
            writer.append(&outputs[boundary.number() - 1])?;
        }
        progress.advance(range.len());
    }
    progress.finish();
    for (_, writer) in writers {
        writer.finish()?;
    }
    Ok(())
}
