//! Files mapped into memory, of which only pages that were read lately stay there.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::Mmap;

use crate::Error;

/// How many bytes may have been read before the pages of all files are given back. They stay in the
/// system's own cache, so that reading them again costs little.
const RESIDENT: usize = 32 << 20;

/// Files that were written through this crate, whole, and are never changed after that.
#[derive(Debug, Default)]
pub struct Maps {
    maps: Vec<Mmap>,
    /// Bytes read since pages were last given back.
    read: AtomicUsize,
}

impl Maps {
    /// Maps one more file, and returns its bytes to be checked.
    ///
    /// # Errors
    /// When it cannot be opened or mapped.
    #[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
    pub fn add(&mut self, path: &Path) -> Result<&[u8], Error> {
        let file = File::open(path).map_err(Error::on("open", path))?;
        // SAFETY: the file was written under another name, renamed when it was whole, and is never
        // changed after that, so the mapped bytes stay what they are for as long as they are mapped.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::on("map", path))?;
        // A huge page brings 2 MiB into memory for a row of some KiB.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::NoHugePage);
        self.maps.push(map);
        Ok(&self.maps[self.maps.len() - 1])
    }

    /// Takes the file that was added last away again.
    pub fn pop(&mut self) {
        self.maps.pop();
    }

    /// The bytes of a file, by its place; [`Maps::count`] is told of those that are read.
    ///
    /// # Panics
    /// As a slice does, when there is no such file.
    #[must_use]
    pub fn bytes(&self, file: usize) -> &[u8] {
        &self.maps[file]
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
        for map in &self.maps {
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
        let mut maps = Maps::default();
        for (name, content) in [("a", &b"first"[..]), ("b", b"second")] {
            let path = folder.path().join(name);
            crate::write(&path, content).unwrap();
            assert_eq!(maps.add(&path).unwrap(), content);
        }
        maps.count(RESIDENT - 1);
        assert_eq!(maps.read.load(Ordering::Relaxed), RESIDENT - 1);
        maps.count(1);
        assert_eq!(maps.read.load(Ordering::Relaxed), 0);
        assert_eq!(
            (maps.bytes(0), maps.bytes(1)),
            (&b"first"[..], &b"second"[..])
        );
        let error = maps.add(&folder.path().join("c")).unwrap_err().to_string();
        assert!(error.contains("cannot open"), "{error}");
    }
}
