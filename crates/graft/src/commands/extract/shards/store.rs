//! Shards in an object store: computed into a folder of this machine first, then written there at once; and copied back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::{Told, tell};
use anyhow::Error;
use graft_dataset::ImageSet;
use graft_environment::interrupt;
use graft_features::{Expected, Extractor, Part, reserve, shard_count};
use graft_report::record::Cached;
use graft_store::{Found, Store};

/// Computes shards of `images` that the store at `url` has not, and tells of each.
pub(super) fn extract(
    extractor: &Extractor,
    images: &ImageSet,
    (parts, url): (impl Iterator<Item = Part>, &str),
) -> Result<(), Error> {
    let store = Store::open(url)?;
    let scratch = tempfile::tempdir()?;
    for part in parts {
        let started = Instant::now();
        let expected = extractor.expected(images, part.of)?;
        let there = store.list(&expected.entry)?;
        let (stem, bytes) = &expected.shards[part.number];
        if let Some(found) = find(&there, stem, *bytes) {
            tell(&Told {
                shard: part.number,
                of: part.of,
                images: images.len() * (part.number + 1) / part.of
                    - images.len() * part.number / part.of,
                cache: Cached::Hit.name(),
                seconds: started.elapsed().as_secs_f64(),
                sha256: found.name[stem.len()..].to_owned(),
                file: store.url(&format!("{}/{}", expected.entry, found.name)),
            })?;
            continue;
        }
        let mut done = extractor.shard(images, part, scratch.path())?;
        let folder = scratch.path().join(&expected.entry);
        let key = expected.key.0;
        store.put(&format!("{}/{key}", expected.entry), &folder.join(key))?;
        let name = format!("{}/{stem}{}", expected.entry, done.sha256);
        store.put(&name, &done.path)?;
        fs::remove_file(&done.path)?;
        done.path = store.url(&name).into();
        done.seconds = started.elapsed().as_secs_f64();
        tell(&Told::new(part, &done))?;
    }
    Ok(())
}

/// Copies the shards of `images` that the store at `url` has into the entry of the cache, where they are not yet.
pub(super) fn copy(
    extractor: &Extractor,
    images: &ImageSet,
    (url, cache): (&str, &Path),
) -> Result<(), Error> {
    let store = Store::open(url)?;
    let entry = extractor.expected(images, 1)?.entry;
    let there = store.list(&entry)?;
    let counts = there.iter().filter_map(|found| shard_count(&found.name));
    let counts: BTreeSet<usize> = counts.filter(|count| *count <= images.len()).collect();
    let layouts = counts.into_iter().map(|of| {
        let Expected { shards, .. } = extractor.expected(images, of)?;
        let found = shards.iter().filter_map(|(stem, bytes)| {
            let found = find(&there, stem, *bytes)?;
            Some((found.clone(), found.name[stem.len()..].to_owned()))
        });
        let found: Vec<_> = found.collect();
        Ok::<_, Error>((shards.len() - found.len(), found))
    });
    let layouts = layouts.collect::<Result<Vec<_>, _>>()?;
    let best = layouts.into_iter().min_by_key(|(missing, _)| *missing);
    let Some((_, shards)) = best else {
        return Ok(());
    };
    let folder = cache.join(&entry);
    fs::create_dir_all(&folder)?;
    let there = |found: &Found| {
        let file = fs::metadata(folder.join(&found.name));
        file.is_ok_and(|file| file.len() == found.bytes)
    };
    let missing = shards.iter().filter(|(found, _)| !there(found));
    reserve(&folder, missing.map(|(found, _)| found.bytes).sum())?;
    interrupt::watch()?;
    for (found, sha256) in &shards {
        interrupt::go_on()?;
        // One that is there is read and checked with all others.
        if !there(found) {
            let name = format!("{entry}/{}", found.name);
            store.get(&name, &folder.join(&found.name), sha256)?;
        }
    }
    Ok(())
}

/// The shard whose name begins with `stem`, of the right size; the first by name.
fn find<'a>(there: &'a [Found], stem: &str, bytes: u64) -> Option<&'a Found> {
    let is_its = |found: &&Found| found.name.starts_with(stem) && found.bytes == bytes;
    there.iter().find(is_its)
}
