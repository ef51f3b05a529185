//! Shards in an object store: computed into a folder of this machine first, then written there at once; and copied back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::{Told, tell};
use anyhow::{Error, anyhow};
use graft_dataset::ImageSet;
use graft_durable::sha256_file;
use graft_environment::interrupt;
use graft_features::{Expected, ExpectedShard, Extractor, Key, Part, reserve, shard_count};
use graft_report::record::Cached;
use graft_store::{Found, Store};

/// Computes shards of `images` that the store at `url` has not, and tells of each.
pub(super) fn extract(
    extractor: &Extractor,
    (images, key): (&ImageSet, &Key),
    (parts, url): (impl Iterator<Item = Part>, &str),
) -> Result<(), Error> {
    let store = Store::open(url)?;
    let scratch = tempfile::tempdir()?;
    for part in parts {
        let started = Instant::now();
        let expected = extractor.expected(key, part.of)?;
        let there = store.list(&expected.entry)?;
        let shard = &expected.shards[part.number];
        let stem = &shard.stem;
        if let Some(found) = find(&there, shard) {
            tell(&Told {
                shard: part.number,
                of: part.of,
                images: shard.images.len(),
                cache: Cached::Hit.name(),
                seconds: started.elapsed().as_secs_f64(),
                sha256: found.name[stem.len()..].to_owned(),
                file: store.url(&format!("{}/{}", expected.entry, found.name)),
            })?;
            continue;
        }
        let mut done = extractor.shard((images, key), part, scratch.path())?;
        let folder = scratch.path().join(&expected.entry);
        let of_key = expected.key.0;
        store.put(
            &format!("{}/{of_key}", expected.entry),
            &folder.join(of_key),
        )?;
        let name = format!("{}/{stem}{}", expected.entry, done.sha256);
        store.put(&name, &done.path)?;
        fs::remove_file(&done.path)?;
        done.path = store.url(&name).into();
        done.seconds = started.elapsed().as_secs_f64();
        tell(&Told::new(part, &done))?;
    }
    Ok(())
}

/// Copies the shards of `key` that the store at `url` has into the entry of the cache, where they are not yet. The
/// caller holds the entry's lock.
pub(super) fn copy(
    extractor: &Extractor,
    key: &Key,
    (url, cache): (&str, &Path),
) -> Result<(), Error> {
    let store = Store::open(url)?;
    let entry = extractor.expected(key, 1)?.entry;
    let there = store.list(&entry)?;
    let counts = there.iter().filter_map(|found| shard_count(&found.name));
    let counts: BTreeSet<usize> = counts.filter(|count| *count <= key.count).collect();
    let layouts = counts.into_iter().map(|of| {
        let Expected { shards, .. } = extractor.expected(key, of)?;
        let found = shards.iter().filter_map(|shard| {
            let found = find(&there, shard)?;
            Some((found.clone(), found.name[shard.stem.len()..].to_owned()))
        });
        let found: Vec<_> = found.collect();
        Ok::<_, Error>((shards.len() - found.len(), found))
    });
    let layouts = layouts.collect::<Result<Vec<_>, _>>()?;
    let best = layouts.into_iter().min_by_key(|(missing, _)| *missing);
    let (_, shards) = best.ok_or_else(|| {
        let url = store.url(&entry);
        anyhow!("no shards in {url}: expected the features of these images by this recipe; graft extract --shard computes them")
    })?;
    let folder = cache.join(&entry);
    fs::create_dir_all(&folder)?;
    let there = |found: &Found, sha256: &str| {
        sha256_file(&folder.join(&found.name)).is_ok_and(|of_file| of_file == sha256)
    };
    let (_, missing): (Vec<_>, Vec<_>) =
        { shards.iter() }.partition(|(found, sha256)| there(found, sha256));
    reserve(&folder, missing.iter().map(|(found, _)| found.bytes).sum())?;
    interrupt::watch()?;
    for (found, sha256) in missing {
        interrupt::go_on()?;
        let name = format!("{entry}/{}", found.name);
        store.get(&name, &folder.join(&found.name), sha256)?;
    }
    Ok(())
}

/// The shard among the files that are there, of the right size; the first by name.
fn find<'a>(there: &'a [Found], shard: &ExpectedShard) -> Option<&'a Found> {
    let is_its = |found: &&Found| found.name.starts_with(&shard.stem) && found.bytes == shard.bytes;
    there.iter().find(is_its)
}
