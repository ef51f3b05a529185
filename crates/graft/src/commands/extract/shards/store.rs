//! Shards in an object store: computed into a folder of this machine first, then written there at once; and copied back.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::tell;
use anyhow::{Error, anyhow};
use graft_dataset::ImageSet;
use graft_durable::sha256_file;
use graft_environment::interrupt;
use graft_features::{ExpectedShard, Extractor, Key, Part, Shard, Shards, reserve};
use graft_report::record::Cached;
use graft_store::{Found, Store};

/// A shard's file, and the SHA-256 in its name.
type Named = (Found, String);

/// Computes shards of `images` that the store at `url` has not, and tells of each.
pub(super) fn extract(
    extractor: &Extractor,
    (images, key): (&ImageSet, &Key),
    (next, url): (&impl Fn() -> Option<Part>, &str),
) -> Result<(), Error> {
    let store = Store::open(url)?;
    let scratch = tempfile::tempdir()?;
    while let Some(part) = next() {
        let started = Instant::now();
        let expected = extractor.expected(key, part.of)?;
        let url = |name: &str| format!("{}/{name}", expected.entry);
        let shard = &expected.shards[part.number];
        let there = store.list(&expected.entry)?;
        let mut done = if let Some(found) = find(&there, shard) {
            Shard {
                path: url(&found.name).into(),
                images: shard.images.clone(),
                sha256: found.name[shard.stem.len()..].to_owned(),
                cached: Cached::Hit,
                seconds: 0.0,
            }
        } else {
            let done = extractor.shard((images, key), part, scratch.path())?;
            let of_key = expected.key.0;
            let folder = scratch.path().join(&expected.entry);
            store.put(&url(of_key), &folder.join(of_key))?;
            let path = url(&format!("{}{}", shard.stem, done.sha256));
            store.put(&path, &done.path)?;
            fs::remove_file(&done.path)?;
            Shard {
                path: path.into(),
                ..done
            }
        };
        done.path = store.url(&done.path.to_string_lossy()).into();
        done.seconds = started.elapsed().as_secs_f64();
        tell(part, &done)?;
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
    let (entry, shards) = there(extractor, key, &store)?;
    let folder = cache.join(&entry);
    fs::create_dir_all(&folder)?;
    let is_copied = |found: &Found, sha256: &str| {
        sha256_file(&folder.join(&found.name)).is_ok_and(|of_file| of_file == sha256)
    };
    let missing = shards.into_iter().flatten();
    let missing = missing.filter(|(found, sha256)| !is_copied(found, sha256));
    let missing: Vec<_> = missing.collect();
    reserve(&folder, missing.iter().map(|(found, _)| found.bytes).sum())?;
    interrupt::watch()?;
    for (found, sha256) in missing {
        interrupt::go_on()?;
        let name = format!("{entry}/{}", found.name);
        store.get(&name, &folder.join(&found.name), &sha256)?;
    }
    Ok(())
}

/// The shards of `key` that the store at `url` has, of which each is read and checked, and stays there.
pub(super) fn check(extractor: &Extractor, key: &Key, url: &str) -> Result<Shards, Error> {
    let store = Store::open(url)?;
    let (entry, shards) = there(extractor, key, &store)?;
    interrupt::watch()?;
    let checked = shards.into_iter().map(|shard| {
        interrupt::go_on()?;
        let Some((found, sha256)) = shard else {
            return Ok(None);
        };
        let version = store.check(&format!("{entry}/{}", found.name), &sha256)?;
        Ok(Some((sha256, version)))
    });
    let checked = checked.collect::<Result<Vec<_>, Error>>()?;
    Ok(extractor.stored(key, &store.url(&entry), checked)?)
}

/// The name of the entry of `key`, and its shards that the store has, with their SHA-256s.
fn there(
    extractor: &Extractor,
    key: &Key,
    store: &Store,
) -> Result<(String, Vec<Option<Named>>), Error> {
    let entry = extractor.expected(key, 1)?.entry;
    let there = store.list(&entry)?;
    let names: Vec<_> = there.iter().map(|found| found.name.clone()).collect();
    let shards = extractor.there(key, &names, |shard| {
        let found = find(&there, shard)?;
        Some((found.clone(), found.name[shard.stem.len()..].to_owned()))
    })?;
    let shards = shards.ok_or_else(|| {
        let url = store.url(&entry);
        anyhow!("no shards in {url}: expected the features of these images by this recipe; graft extract --shard computes them")
    })?;
    Ok((entry, shards))
}

/// The shard among the files that are there, of the right size; the first by name.
fn find<'a>(there: &'a [Found], shard: &ExpectedShard) -> Option<&'a Found> {
    let is_its = |found: &&Found| found.name.starts_with(&shard.stem) && found.bytes == shard.bytes;
    there.iter().find(is_its)
}
