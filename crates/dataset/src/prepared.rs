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
}

impl Prepared {
    /// Prepares the pictures at these paths, each with the SHA-256 of its file, or takes what is there already from the
    /// folder `cache`; `advance` is told of every few that are done. Also returns the places of pictures
    /// that could not be decoded, and why.
    pub(crate) fn make<'a, E: From<Error>>(
        pictures: impl Iterator<Item = (&'a Path, &'a str)>,
        form: ImageForm,
        cache: &Path,
        mut advance: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(Self, Vec<Bad>), E> {
        let files = pictures.map(|(path, version)| File {
            path: path.to_owned(),
            version: version.to_owned(),
        });
        let mut prepared = Self::of_manifest(files.collect(), form, cache);
        let mut bad = Vec::new();
        for (number, some) in prepared.files.chunks(prepared.per_shard).enumerate() {
            let of_shard = match prepared.open(number, some.len(), true) {
                Some(bad) => bad,
                None => prepared.write(number, some.len(), shard(some, form))?,
            };
            let first = number * prepared.per_shard;
            let of_shard = of_shard.into_iter();
            bad.extend(of_shard.map(|(place, why)| (first + place, why)));
            advance(some.len())?;
        }
        prepared.files = Vec::new();
        prepared.maps.give_back();
        Ok((prepared, bad))
    }

    /// The pictures of a manifest, each with its version, of which none is read yet.
    pub(crate) fn of_manifest(files: Vec<File>, form: ImageForm, cache: &Path) -> Self {
        let per_shard = (SHARD / form.bytes().max(1)).max(1);
        Self {
            maps: Maps::new(files.len().div_ceil(per_shard)),
            folder: folder(cache, &files, form),
            form,
            per_shard,
            files,
        }
    }

    /// Whether the pictures are those of a manifest.
    pub(crate) fn is_of_manifest(&self) -> bool {
        !self.files.is_empty()
    }

    /// Where the picture at a place of a manifest lies.
    pub(crate) fn path(&self, place: usize) -> Option<&Path> {
        Some(&self.files.get(place)?.path)
    }

    /// What tells the picture at a place of a manifest from others, and from what other code would make of it.
    pub(crate) fn version(&self, place: usize) -> String {
        format!("{FORMAT} {}", self.files[place].version)
    }

    /// Makes the shard with the image at a place, where it is not there.
    pub(crate) fn prepare(&self, place: usize) -> Result<(), Error> {
        let number = place / self.per_shard;
        if self.maps.bytes(number).is_some() {
            return Ok(());
        }
        let first = number * self.per_shard;
        let files = &self.files[first..self.files.len().min(first + self.per_shard)];
        // Who gave the same pictures as a folder may have left some out.
        if self.open(number, files.len(), false).is_none() {
            let bytes = shard_of_manifest(files, self.form)?;
            self.write(number, files.len(), bytes)?;
        }
        Ok(())
    }

    /// Maps a shard; nothing where it is not whole, or lacks pictures and may not.
    fn open(&self, number: usize, images: usize, may_lack: bool) -> Option<Vec<Bad>> {
        let path = self.shard(number);
        if !path.exists() {
            return None;
        }
        let check = |bytes: &[u8]| {
            let bad = check(bytes, images * self.form.bytes())?;
            (may_lack || bad.is_empty()).then_some((bad, bytes.len()))
        };
        let (bad, bytes) = self.maps.open(number, &path, check).ok()??;
        self.maps.count(bytes);
        Some(bad)
    }

    fn write(&self, number: usize, images: usize, bytes: Vec<u8>) -> Result<Vec<Bad>, Error> {
        let path = self.shard(number);
        write(&path, &bytes)?;
        drop(bytes);
        self.open(number, images, true)
            .ok_or_else(|| changed(&path))
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
fn folder(cache: &Path, pictures: &[File], form: ImageForm) -> PathBuf {
    let mut key = Hashing::default();
    // Hashing never fails.
    let _ = write!(key, "{FORMAT} {form:?}");
    for File { version, .. } in pictures {
        let _ = write!(key, " {version}");
    }
    cache.join(format!("{PREPARED}{}", &key.finish()[..16]))
}

/// A shard of these pictures; what cannot be read stays black.
fn shard(pictures: &[File], form: ImageForm) -> Vec<u8> {
    let mut bytes = vec![0; pictures.len() * form.bytes()];
    let images = bytes.par_chunks_exact_mut(form.bytes()).zip(pictures);
    let mut bad: Vec<Bad> = images
        .enumerate()
        .filter_map(|(place, (image, file))| match form.read(&file.path) {
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
            let pixels = pixels.map_err(|fault| Error::Picture {
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
            remote::read(&store, &names)?
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
