//! A prepared set: pictures as images of one form, in shards on the disk. A shard is whole or absent, so
//! that interrupted work resumes with the next one. Of a manifest's pictures a shard is made when it is needed first.
//!
//! A shard is a file of the images' bytes, one after another; then JSON with those that could not be
//! read, the JSON's length and the CRC-32C of all before it, each as a little-endian u32.

use std::io::Write;
use std::path::{Path, PathBuf};

use graft_durable::{Hashing, Maps, sha256, write};
use rayon::prelude::*;

use crate::error::open;
use crate::{Error, ImageForm, picture, remote};

/// The version of the layout and of the code that decodes and scales; a new one is a new entry.
const FORMAT: u32 = 1;
/// How the name of an entry's folder begins; a hash follows.
pub const PREPARED: &str = "pictures-";
/// How many bytes a shard's images have, beyond a single one.
const SHARD: usize = 32 << 20;
/// How many images a shard of a manifest has at most: who needs one reads all of its pictures.
const FEW: usize = 256;
/// Length and checksum.
const FOOTER: usize = 8;

/// A picture that could not be read: its place in the shard, and why.
type Bad = (usize, String);

/// A picture's file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// The SHA-256 of its content, or what an object store tells versions by.
    pub(crate) version: String,
}

/// Images that are mapped into memory.
#[derive(Debug)]
pub(crate) struct Prepared {
    maps: Maps,
    folder: PathBuf,
    form: ImageForm,
    per_shard: usize,
    /// Those of a manifest; of others none, for there all shards are made at once.
    files: Vec<File>,
    /// Where the manifest lies.
    within: PathBuf,
}

impl Prepared {
    /// Prepares the pictures at these paths, each with the SHA-256 of its file, or takes what is there already from the
    /// folder `cache`; `advance` is told of every few that are done. Also returns the places of pictures
    /// that could not be decoded, and why.
    pub(crate) fn make<E: From<Error>>(
        pictures: &[(&Path, &str)],
        form: ImageForm,
        cache: &Path,
        mut advance: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(Self, Vec<Bad>), E> {
        let per_shard = (SHARD / form.bytes().max(1)).max(1);
        let versions = pictures.iter().map(|(_, version)| *version);
        let prepared = Self {
            maps: Maps::new(pictures.len().div_ceil(per_shard)),
            folder: folder(cache, "", versions, form),
            form,
            per_shard,
            files: Vec::new(),
            within: PathBuf::new(),
        };
        let mut bad = Vec::new();
        for (number, some) in pictures.chunks(per_shard).enumerate() {
            let of_shard = match prepared.open(number, some.len()) {
                Some(bad) => bad,
                None => prepared.keep(number, some.len(), shard(some, form))?,
            };
            let first = number * per_shard;
            let of_shard = of_shard.into_iter();
            bad.extend(of_shard.map(|(place, why)| (first + place, why)));
            advance(some.len())?;
        }
        prepared.maps.give_back();
        Ok((prepared, bad))
    }

    /// The pictures of a manifest in the folder `within`, of which none is read yet.
    pub(crate) fn of_manifest(
        files: Vec<File>,
        form: ImageForm,
        cache: &Path,
        within: &Path,
    ) -> Self {
        let per_shard = (SHARD / form.bytes().max(1)).clamp(1, FEW);
        let versions = files.iter().map(|file| &*file.version);
        Self {
            maps: Maps::new(files.len().div_ceil(per_shard)),
            // Shards of another size, and none of them lacks a picture.
            folder: folder(cache, "manifest ", versions, form),
            form,
            per_shard,
            files,
            within: within.to_owned(),
        }
    }

    /// Whether the pictures are those of a manifest.
    pub(crate) fn is_of_manifest(&self) -> bool {
        !self.files.is_empty()
    }

    /// Where the picture at a place of a manifest lies, beside the manifest or by its whole name.
    pub(crate) fn path(&self, place: usize) -> Option<&Path> {
        let path = &self.files.get(place)?.path;
        Some(path.strip_prefix(&self.within).unwrap_or(path))
    }

    /// What tells the picture at a place of a manifest from others, and from what other code would make of it.
    pub(crate) fn content(&self, place: usize) -> String {
        let File { path, version } = &self.files[place];
        let content = format!("{FORMAT} {:?} {version}", self.form.fit);
        // An entity tag tells versions of one object apart, and not objects.
        match remote::split(path) {
            Some(_) => format!("{content} {}", path.display()),
            None => content,
        }
    }

    /// Makes the shard with the image at a place, where it is not there.
    pub(crate) fn prepare(&self, place: usize) -> Result<(), Error> {
        let number = place / self.per_shard;
        if self.maps.bytes(number).is_some() {
            return Ok(());
        }
        let first = number * self.per_shard;
        let files = &self.files[first..self.files.len().min(first + self.per_shard)];
        if self.open(number, files.len()).is_none() {
            let bytes = shard_of_manifest(files, self.form)?;
            self.keep(number, files.len(), bytes)?;
        }
        Ok(())
    }

    /// Maps a shard; nothing where it is not whole.
    fn open(&self, number: usize, images: usize) -> Option<Vec<Bad>> {
        let path = self.shard(number);
        if !path.exists() {
            return None;
        }
        let check = |bytes: &[u8]| {
            let bad = check(bytes, images * self.form.bytes())?;
            Some((bad, bytes.len()))
        };
        let (bad, bytes) = self.maps.open(number, &path, check).ok()??;
        self.maps.count(bytes);
        Some(bad)
    }

    /// Writes a shard and maps it.
    fn keep(&self, number: usize, images: usize, bytes: Vec<u8>) -> Result<Vec<Bad>, Error> {
        let path = self.shard(number);
        write(&path, &bytes)?;
        drop(bytes);
        self.open(number, images).ok_or_else(|| changed(&path))
    }

    fn shard(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:06}"))
    }

    /// The bytes of the image at a place.
    pub(crate) fn image(&self, place: usize) -> &[u8] {
        let image = self.form.bytes();
        self.maps.count(image);
        let number = place / self.per_shard;
        let bytes = self.maps.bytes(number).unwrap_or_else(|| {
            let prepared = self.prepare(place);
            #[expect(clippy::panic, reason = "documented by ImageSet::image")]
            prepared.unwrap_or_else(|error| panic!("{error}"));
            self.maps.bytes(number).unwrap_or_default()
        });
        &bytes[place % self.per_shard * image..][..image]
    }
}

/// The folder of these pictures in this form.
fn folder<'a>(
    cache: &Path,
    kind: &str,
    versions: impl Iterator<Item = &'a str>,
    form: ImageForm,
) -> PathBuf {
    let mut key = Hashing::default();
    // Hashing never fails.
    let _ = write!(key, "{kind}{FORMAT} {form:?}");
    for version in versions {
        let _ = write!(key, " {version}");
    }
    cache.join(format!("{PREPARED}{}", &key.finish()[..16]))
}

/// A shard of these pictures; what cannot be read stays black.
fn shard(pictures: &[(&Path, &str)], form: ImageForm) -> Vec<u8> {
    let mut bytes = vec![0; pictures.len() * form.bytes()];
    let images = bytes.par_chunks_exact_mut(form.bytes()).zip(pictures);
    let mut bad: Vec<Bad> = images
        .enumerate()
        .filter_map(|(place, (image, (path, _)))| match form.read(path) {
            Ok(pixels) => {
                image.copy_from_slice(&pixels);
                None
            }
            Err(error) => Some((place, error.to_string())),
        })
        .collect();
    bad.sort();
    with_footer(bytes, &bad)
}

/// A shard of pictures of a manifest, all of which can be read and are what it says.
fn shard_of_manifest(pictures: &[File], form: ImageForm) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; pictures.len() * form.bytes()];
    // Few at once, for files are larger than images.
    let at_once = (2 * rayon::current_num_threads()).max(16);
    let some = bytes.chunks_mut(at_once * form.bytes());
    for (images, files) in some.zip(pictures.chunks(at_once)) {
        let read = contents(files)?;
        let images = images.par_chunks_exact_mut(form.bytes());
        let all = images.zip(files).zip(&read);
        all.try_for_each(|((image, file), content)| {
            let pixels = picture::open(content).and_then(|picture| form.image(picture));
            let pixels = pixels.map_err(|fault| Error::OfManifest {
                path: file.path.clone(),
                fault,
            })?;
            image.copy_from_slice(&pixels);
            Ok::<_, Error>(())
        })?;
    }
    Ok(with_footer(bytes, &[]))
}

/// The contents of pictures' files, which are what the manifest says.
fn contents(files: &[File]) -> Result<Vec<Vec<u8>>, Error> {
    let mut contents = Vec::with_capacity(files.len());
    let store = |file: &File| remote::split(&file.path).map(|(store, _)| store.to_owned());
    for run in files.chunk_by(|a, b| store(a) == store(b)) {
        let read = if let Some(store) = store(&run[0]) {
            let names = run.iter().filter_map(|file| remote::split(&file.path));
            let names: Vec<_> = names.map(|(_, name)| name).collect();
            remote::read(&store, &names, picture::MAX_PICTURE_BYTES)?
        } else {
            let read = |file: &File| {
                let content = open(&file.path).map(picture::read)?;
                let content = content.map_err(|fault| Error::Picture {
                    path: file.path.clone(),
                    fault,
                })?;
                let version = sha256(&content);
                Ok((content, version))
            };
            run.par_iter().map(read).collect::<Result<_, Error>>()?
        };
        for (file, (content, found)) in run.iter().zip(read) {
            if found != file.version {
                return Err(Error::OtherVersion {
                    path: file.path.clone(),
                    expected: file.version.clone(),
                    found,
                });
            }
            contents.push(content);
        }
    }
    Ok(contents)
}

fn with_footer(mut bytes: Vec<u8>, bad: &[Bad]) -> Vec<u8> {
    let json = serde_json::to_vec(bad).unwrap_or_default();
    bytes.extend(&json);
    bytes.extend(u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The pictures that could not be read of a shard with `images` bytes of images; nothing where it is not
/// what was written.
fn check(bytes: &[u8], images: usize) -> Option<Vec<Bad>> {
    let (rest, sum) = bytes.split_last_chunk()?;
    let (rest, length) = rest.split_last_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    let is_whole = bytes.len() == images + length + FOOTER
        && crc32c::crc32c(&bytes[..bytes.len() - 4]) == u32::from_le_bytes(*sum);
    let json = rest.get(images..).filter(|_| is_whole)?;
    serde_json::from_slice(json).ok()
}

fn changed(path: &Path) -> Error {
    Error::Source {
        path: path.to_owned(),
        expected: "the shard that was just written",
        found: "another".into(),
        next: "train again",
    }
}
