//! The SHA-256 of every file of a record: what makes a run complete, and damage visible.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use graft_durable::{Error, sha256};

use super::{EVALUATION, EXPLAINED, MISTAKES, RecordError, SUMS, TEST_PREDICTIONS};

/// How the last line begins, before the hash of all lines above it.
const SEAL: &str = "# sha256 of the lines above: ";

/// The most bytes that are read of a file of the record: 1 GiB. The largest, the predictions of
/// 60,000 images, have some 10 MB.
const MAX_RECORD_BYTES: u64 = 1 << 30;

/// The most bytes that are read of the sums; a run has some 2 KB.
const MAX_SUMS_BYTES: u64 = 1 << 20;

/// File names, relative to the run's folder, and their hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, String>);

impl Sums {
    /// Reads those of the run in `folder`.
    ///
    /// # Errors
    /// [`RecordError::Incomplete`] where there are none, [`RecordError::Damaged`] where they are not
    /// what [`Sums::write`] writes, or a name leads out of the folder.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(SUMS);
        let bytes = read(&path, MAX_SUMS_BYTES)?.ok_or_else(|| RecordError::Incomplete {
            folder: folder.to_owned(),
            missing: SUMS,
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.rsplit_once(SEAL).map_or(&*text, |(lines, _)| lines);
        let sums = Self(lines.lines().filter_map(entry).collect());
        if sums.text().as_bytes() == bytes {
            return Ok(sums);
        }
        let mut numbered = (1..).zip(lines.lines());
        Err(RecordError::Damaged {
            path,
            expected: "64 hexadecimal digits, two spaces and a file name in every line, in order, \
                       and at the end the hash of these lines"
                .into(),
            found: match numbered.find(|(_, line)| entry(line).is_none()) {
                Some((number, line)) => {
                    format!(
                        "line {number}: `{}`",
                        line.chars().take(80).collect::<String>()
                    )
                }
                None => format!("{} lines, {} files", text.lines().count(), sums.0.len()),
            },
            next: TRAIN_AGAIN,
        })
    }

    /// Adds a file's content, or replaces it.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        self.0.insert(name.to_owned(), sha256(content));
    }

    /// Takes a file out, if it is in.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether the record has a file of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The file `name` of the run in `folder`, if it is the one that was written.
    ///
    /// # Errors
    /// [`RecordError::Missing`] or [`RecordError::Damaged`], or when it cannot be read.
    pub fn open(&self, folder: &Path, name: &str) -> Result<Vec<u8>, RecordError> {
        let path = folder.join(name);
        let expected = self.0.get(name).ok_or_else(|| RecordError::Damaged {
            path: folder.join(SUMS),
            expected: format!("a line for {name}"),
            found: "none".into(),
            next: next(name),
        })?;
        let bytes = read(&path, MAX_RECORD_BYTES)?.ok_or_else(|| RecordError::Missing {
            path: path.clone(),
            next: next(name),
        })?;
        match sha256(&bytes) {
            found if found == *expected => Ok(bytes),
            found => Err(RecordError::Damaged {
                path,
                expected: format!("sha256 {expected}"),
                found: format!("sha256 {found}"),
                next: next(name),
            }),
        }
    }

    /// Compares every file of the run in `folder` with its hash.
    ///
    /// # Errors
    /// As [`Sums::open`], for the first file that is missing or not the one that was written.
    pub fn verify(&self, folder: &Path) -> Result<(), RecordError> {
        self.0
            .keys()
            .try_for_each(|name| self.open(folder, name).map(drop))
    }

    /// Writes them into `folder`, in the form that `sha256sum --check` reads, which passes over
    /// the last line: the hash of all others.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(SUMS);
        graft_durable::write(&path, self.text().as_bytes())?;
        Ok(path)
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let lines = self.0.iter();
        let lines = lines.fold(String::new(), |text, (name, hash)| {
            text + hash + "  " + name + "\n"
        });
        let seal = sha256(lines.as_bytes());
        lines + SEAL + &seal + "\n"
    }
}

/// The name and the hash in a line, if the name is that of a file in the folder or below.
fn entry(line: &str) -> Option<(String, String)> {
    let (hash, name) = line.split_once("  ")?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = Path::new(name).components();
    let is_inside = parts.all(|part| matches!(part, Component::Normal(_)));
    (is_hash && is_inside && !name.is_empty()).then(|| (name.to_owned(), hash.to_owned()))
}

/// The bytes of a regular file of at most `limit` bytes; none where there is no file.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let bytes = || {
        // Asked before opening, since opening a pipe waits for its other end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("expected a file, found something else"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            let found = format!("expected at most {limit} bytes, found more");
            return Err(io::Error::other(found));
        }
        Ok(bytes)
    };
    match bytes() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some).map_err(Error::on("read", path)),
    }
}

/// What to do about a damaged record.
pub(super) const TRAIN_AGAIN: &str = "put the original file back, or train again";

/// What to do about a damaged file `name`: evaluations can be had again.
fn next(name: &str) -> &'static str {
    let evaluated = matches!(name, EVALUATION | EXPLAINED | MISTAKES | TEST_PREDICTIONS);
    if evaluated || name.contains(".graft.test") {
        "put the original file back, or run `eval` on this run again"
    } else {
        TRAIN_AGAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_missing_or_unlisted_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("recipe.toml"), "a").unwrap();
        let mut sums = Sums::default();
        sums.add("recipe.toml", b"a");
        sums.add("evaluation.json", b"b");
        sums.write(path).unwrap();
        let sums = Sums::read(path).unwrap();
        assert_eq!(sums.open(path, "recipe.toml").unwrap(), b"a");
        let missing = sums.verify(path).unwrap_err().to_string();
        assert!(missing.contains("evaluation.json is missing"), "{missing}");
        let no = |name| sums.open(path, name).unwrap_err().to_string();
        assert!(
            no("evaluation.json").contains("run `eval`"),
            "{}",
            no("evaluation.json")
        );
        assert!(no("other").contains("a line for other"), "{}", no("other"));
        fs::write(path.join("recipe.toml"), "A").unwrap();
        assert!(
            no("recipe.toml").contains("expected sha256"),
            "{}",
            no("recipe.toml")
        );
    }

    #[test]
    fn a_line_that_is_none_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Sums::read(folder.path()).unwrap_err().to_string();
        assert!(read().contains("not a complete run"), "{}", read());
        fs::write(folder.path().join(SUMS), "nonsense\n").unwrap();
        assert!(read().contains("line 1: `nonsense`"), "{}", read());
    }

    #[test]
    fn a_missing_line_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut sums = Sums::default();
        sums.add("a", b"1");
        sums.add("b", b"2");
        let path = sums.write(folder.path()).unwrap();
        assert_eq!(Sums::read(folder.path()).unwrap(), sums);
        let text = fs::read_to_string(&path).unwrap();
        for rest in ["", text.split_once('\n').unwrap().1] {
            fs::write(&path, rest).unwrap();
            let error = Sums::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("the hash of these lines"), "{error}");
        }
    }
}
