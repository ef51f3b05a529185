//! Shards that workers compute who know nothing of each other, and the entry that is gathered from them.
//!
//! A folder of shards has a subfolder with the name of the entry: the key (`key.json`), and each shard under its number
//! and its SHA-256, written at once when it is whole. So it is all the same how often a shard is computed, by whom,
//! and where that was cut off.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_dataset::{ImageSet, is_url};
use graft_durable::{Error as FileError, Hashing, Pending};
use graft_environment::interrupt;
use graft_report::record::Cached;
use rayon::prelude::*;

use crate::dtype::encode;
use crate::extract::{Extractor, Images};
use crate::key::json;
use crate::manifest::{Manifest, whole};
use crate::{Error, Key};

/// The file with the key.
const KEY: &str = "key.json";

/// One of so many shards, which have almost the same number of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 0.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// A shard that is there.
#[derive(Debug)]
pub struct Shard {
    /// Its file.
    pub path: PathBuf,
    /// Its images.
    pub images: Range<usize>,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// Whether it was there.
    pub cached: Cached,
    /// How long it took.
    pub seconds: f64,
}

/// Shards of one entry in a folder, of which there may be some.
#[derive(Debug)]
pub struct Shards {
    /// Where the entry's shards lie.
    pub folder: PathBuf,
    /// How many there must be.
    pub of: usize,
    /// The numbers of those that are missing or damaged.
    pub missing: Vec<usize>,
    manifest: Manifest,
}

/// What the files of an entry in shards are called.
#[derive(Debug)]
pub struct Expected {
    /// The name of the entry's folder.
    pub entry: String,
    /// The file that says what the entry is made for, and its content.
    pub key: (&'static str, Vec<u8>),
    /// The shards.
    pub shards: Vec<ExpectedShard>,
}

/// What is known of a shard before it is computed.
#[derive(Debug)]
pub struct ExpectedShard {
    /// What its file's name begins with, before the SHA-256 of its content.
    pub stem: String,
    /// Its images.
    pub images: Range<usize>,
    /// Its size.
    pub bytes: u64,
}

impl Extractor<'_> {
    /// What the files are called of the features of `key` in so many shards.
    ///
    /// # Errors
    /// When there are more shards than images, or an image is too small for the backbone.
    pub fn expected(&self, key: &Key, of: usize) -> Result<Expected, Error> {
        let manifest = self.manifest(key, of)?;
        let path = key.path(Path::new(""));
        let shards = 0..manifest.shards.len();
        Ok(Expected {
            entry: path.to_string_lossy().into_owned(),
            key: (KEY, json(key)),
            shards: shards
                .map(|number| ExpectedShard::of(&manifest, number))
                .collect(),
        })
    }

    /// Shard `part` of the features of `set`, whose key is `key`, computed into the folder `into` where it is not there.
    ///
    /// # Errors
    /// When there are more shards than images, an image is too small for the backbone, the device fails, or the
    /// folder cannot be written.
    pub fn shard(
        &self,
        (set, key): (&ImageSet, &Key),
        part: Part,
        into: &Path,
    ) -> Result<Shard, Error> {
        let started = Instant::now();
        let manifest = self.manifest(key, part.of)?;
        let folder = key.path(into);
        let images = manifest.images(part.number);
        let done = |path: PathBuf, sha256: String, cached: Cached| Shard {
            path,
            images: images.clone(),
            sha256,
            cached,
            seconds: started.elapsed().as_secs_f64(),
        };
        let expected = ExpectedShard::of(&manifest, part.number);
        if let Some((path, sha256)) = find(&folder, &names(&folder), &expected) {
            return Ok(done(path, sha256, Cached::Hit));
        }
        interrupt::watch()?;
        graft_durable::write(&folder.join(KEY), &json(key))?;
        let batches = Images {
            len: set.len(),
            set: None,
            label: String::new(),
            batch: &|places| self.recipe.preprocessing.batch(set, places.iter().copied()),
        };
        // Its name, which tells its content, is not known yet.
        let mut file = Pending::create(&folder.join(manifest.stem(part.number)))?;
        let mut hashing = Hashing::default();
        let places: Vec<usize> = images.clone().collect();
        self.pass(&batches, &places, |image, features| {
            interrupt::go_on()?;
            if let Some(value) = features.iter().find(|value| !value.is_finite()) {
                let value = *value;
                return Err(Error::NotFinite { image, value });
            }
            let bytes = encode(key.dtype, features).map_err(Error::TooLarge)?;
            let write = FileError::on("write to", &folder);
            hashing
                .write_all(&bytes)
                .and_then(|()| file.write_all(&bytes))
                .map_err(write)?;
            Ok(())
        })?;
        let sha256 = hashing.finish();
        let path = folder.join(manifest.name(part.number, &sha256));
        file.commit_as(&path)?;
        Ok(done(path, sha256, Cached::Miss))
    }

    /// What is there of the entry of `key` among the shards in the folder `from`, which workers computed. Every one is
    /// read and checked.
    ///
    /// # Errors
    /// When there are none at all, or they are for more shards than there are images.
    pub fn shards(&self, key: &Key, from: &Path) -> Result<Shards, Error> {
        let folder = key.path(from);
        let names = names(&folder);
        let found = self.there(key, &names, |shard| Some(find(&folder, &names, shard)?.1))?;
        let found = found.ok_or_else(|| Error::NoShards(folder.clone()))?;
        let shards = found.into_iter().map(Option::unwrap_or_default).collect();
        self.found(key, folder, (shards, Vec::new()))
    }

    /// The shards of the entry of `key` that stay in the folder at `url` of an object store: of each its SHA-256 and its
    /// entity tag, where it is there.
    ///
    /// # Errors
    /// When they are for more shards than there are images.
    pub fn stored(
        &self,
        key: &Key,
        url: &str,
        found: Vec<Option<(String, String)>>,
    ) -> Result<Shards, Error> {
        let found = found.into_iter().map(Option::unwrap_or_default).unzip();
        self.found(key, url.into(), found)
    }

    /// Shards in a folder, by their SHA-256 and their entity tags; empty for those that are missing.
    fn found(
        &self,
        key: &Key,
        folder: PathBuf,
        (shards, versions): (Vec<String>, Vec<String>),
    ) -> Result<Shards, Error> {
        let missing = shards.iter().enumerate();
        let missing = missing.filter(|(_, sha256)| sha256.is_empty());
        let missing = missing.map(|(number, _)| number).collect();
        let of = shards.len();
        let mut manifest = self.manifest(key, of)?;
        (manifest.shards, manifest.versions) = (shards, versions);
        Ok(Shards {
            folder,
            of,
            missing,
            manifest,
        })
    }

    /// What `find` finds of every shard of `key`; none where `names` of files are those of no shards. Somebody may have
    /// begun with another number of shards: of the numbers that the names tell it is the one of which least is missing.
    ///
    /// # Errors
    /// When an image is too small for the backbone.
    pub fn there<T: Send>(
        &self,
        key: &Key,
        names: &[String],
        find: impl Fn(&ExpectedShard) -> Option<T> + Sync,
    ) -> Result<Option<Vec<Option<T>>>, Error> {
        let counts = names.iter().filter_map(|name| shard_count(name));
        let counts: BTreeSet<usize> = counts
            .filter(|count| (1..=key.count).contains(count))
            .collect();
        let all = counts.into_iter().map(|of| {
            let Expected { shards, .. } = self.expected(key, of)?;
            Ok::<Vec<_>, Error>(shards.par_iter().map(&find).collect())
        });
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let missing = |found: &Vec<Option<T>>| found.iter().filter(|one| one.is_none()).count();
        Ok(all.into_iter().min_by_key(missing))
    }

    fn manifest(&self, key: &Key, of: usize) -> Result<Manifest, Error> {
        if !(1..=key.count).contains(&of) {
            let images = key.count;
            return Err(Error::TooManyShards { of, images });
        }
        let map = self.loaded.frozen.map(self.recipe.preprocessing.size)?;
        Ok(Manifest::new(key, map, Some(of)))
    }
}

impl Shards {
    /// Makes the entry in `cache` that has these shards where they are, and gives its folder. The caller holds the
    /// entry's lock. What killed workers left half-written is deleted.
    ///
    /// # Errors
    /// When some are missing, or the cache cannot be written.
    pub fn gather(mut self, cache: &Path) -> Result<PathBuf, Error> {
        if !self.missing.is_empty() {
            return Err(Error::Missing(self.folder));
        }
        let path = self.manifest.key.path(cache);
        if is_url(&self.folder) {
            self.manifest.at = Some(self.folder);
        } else {
            // Not before: where a shared folder has no locks between machines, a worker's file looks abandoned.
            for abandoned in graft_durable::sweep(&self.folder) {
                tracing::info!("deleted the abandoned {}", abandoned.display());
            }
            if self.folder != path {
                let at = std::path::absolute(&self.folder);
                self.manifest.at = Some(at.map_err(FileError::on("find", &self.folder))?);
            }
        }
        graft_durable::write(&Manifest::path(&path), &json(&self.manifest))?;
        Ok(path)
    }
}

impl ExpectedShard {
    fn of(manifest: &Manifest, number: usize) -> Self {
        Self {
            stem: manifest.stem(number),
            images: manifest.images(number),
            bytes: manifest.bytes(number) as u64,
        }
    }
}

/// The names of all files in `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = files
        .filter_map(|file| file.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// How many shards there are, by the name of one's file.
fn shard_count(name: &str) -> Option<usize> {
    let (_, behind) = name.split_once("-of-")?;
    behind.split_once('-')?.0.parse().ok()
}

/// The whole shard among the files in `folder` of these `names`, and its SHA-256; the first by name, where machines
/// differ in the last bits.
fn find(folder: &Path, names: &[String], shard: &ExpectedShard) -> Option<(PathBuf, String)> {
    let mut its = names.iter().filter(|name| name.starts_with(&shard.stem));
    its.find_map(|name| {
        let file = folder.join(name);
        let sha256 = whole(&file, &shard.stem, shard.bytes)?;
        Some((file, sha256))
    })
}
