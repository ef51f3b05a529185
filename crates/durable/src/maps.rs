//! Files mapped into memory, of which only pages that were read lately stay there.

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::Mmap;

use crate::Error;

/// How many bytes may have been read before the pages of all files are given back. They stay in the
/// system's own cache, so that reading them again costs little.
const RESIDENT: usize = 32 << 20;

/// So many files, of which each was written through this crate, whole, and is never changed after that. They are mapped
/// when they are first wanted.
#[derive(Debug, Default)]
pub struct Maps {
    maps: Box<[OnceLock<Mmap>]>,
    /// Bytes read since pages were last given back.
    read: AtomicUsize,
}

impl Maps {
    /// Room for so many files.
    #[must_use]
    pub fn new(files: usize) -> Self {
        Self {
            maps: (0..files).map(|_| OnceLock::new()).collect(),
            read: AtomicUsize::new(0),
        }
    }

    /// Maps the file at `path` as number `file` where `check` finds in its bytes what is expected, and returns what it
    /// found.
    ///
    /// # Errors
    /// When it cannot be opened or mapped.
    ///
    /// # Panics
    /// As a slice does, when there is no room for such a file.
    #[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
    pub fn open<T>(
        &self,
        file: usize,
        path: &Path,
        check: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let opened = File::open(path).map_err(Error::on("open", path))?;
        // SAFETY: the file was written under another name, renamed when it was whole, and is never
        // changed after that, so the mapped bytes stay what they are for as long as they are mapped.
        let map = unsafe { Mmap::map(&opened) }.map_err(Error::on("map", path))?;
        // A huge page brings 2 MiB into memory for a row of some KiB.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::NoHugePage);
        let found = check(&map);
        if found.is_some() {
            // Another thread may have mapped the same file.
            let _ = self.maps[file].set(map);
        }
        Ok(found)
    }

    /// The bytes of a file that is mapped; [`Maps::count`] is told of those that are read.
    ///
    /// # Panics
    /// As a slice does, when there is no room for such a file.
    #[must_use]
    pub fn bytes(&self, file: usize) -> Option<&[u8]> {
        self.maps[file].get().map(|map| &**map)
    }

    /// Counts bytes that were read; once they are many, their pages are given back.
    pub fn count(&self, bytes: usize) {
        if self.read.fetch_add(bytes, Ordering::Relaxed) + bytes >= RESIDENT {
            self.give_back();
        }
    }

    /// Tells the system that no page of the files is needed in memory now. That it does not listen is
    /// no failure.
    #[cfg_attr(unix, expect(unsafe_code, reason = "see the comment on its safety"))]
    pub fn give_back(&self) {
        self.read.store(0, Ordering::Relaxed);
        for map in self.maps.iter().filter_map(OnceLock::get) {
            #[cfg(unix)]
            // SAFETY: the map is of a file and only read, so a page that was given back is read from
            // the file again, as it was.
            let _ = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
            #[cfg(not(unix))]
            let _ = map;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_when_their_pages_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let maps = Maps::new(3);
        for (file, name, content) in [(0, "a", &b"first"[..]), (2, "b", b"second")] {
            let path = folder.path().join(name);
            crate::write(&path, content).unwrap();
            let same = |bytes: &[u8]| (bytes == content).then_some(());
            assert_eq!(maps.open(file, &path, same).unwrap(), Some(()));
        }
        maps.give_back();
        maps.count(RESIDENT - 1);
        assert_eq!(maps.read.load(Ordering::Relaxed), RESIDENT - 1);
        maps.count(1);
        assert_eq!(maps.read.load(Ordering::Relaxed), 0);
        let all = [0, 1, 2].map(|file| maps.bytes(file));
        assert_eq!(all, [Some(&b"first"[..]), None, Some(b"second")]);
    }

    #[test]
    fn what_is_not_what_was_expected_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let maps = Maps::new(1);
        let path = folder.path().join("a");
        crate::write(&path, b"other").unwrap();
        assert_eq!(maps.open(0, &path, |_| None::<()>).unwrap(), None);
        assert_eq!(maps.bytes(0), None);
        let absent = maps.open(0, &folder.path().join("c"), |_| Some(()));
        let error = absent.unwrap_err().to_string();
        assert!(error.contains("cannot open"), "{error}");
    }
}
