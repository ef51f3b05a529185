//! Where the values of features are: in a file that is mapped, or in memory.

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use graft_durable::Hashing;
use memmap2::Mmap;

use super::CacheError;

/// How many bytes of a mapped file may have been read before its pages are given back. They stay in
/// the system's own cache, so that reading them again costs little.
const RESIDENT: usize = 32 << 20;

/// The bytes of an entry's values.
pub(super) enum Payload {
    /// A range of a mapped file.
    Mapped {
        /// The file.
        map: Mmap,
        /// Where the values lie.
        range: Range<usize>,
        /// Bytes read since pages were last given back.
        read: AtomicUsize,
    },
    /// Values that never were in a file.
    Held(Vec<u8>),
}

impl Payload {
    /// Maps a file, of which nothing is known to be values yet.
    #[expect(unsafe_code, reason = "a memory map; see the comment on its safety")]
    pub(super) fn map(path: &Path) -> Result<Mmap, CacheError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(CacheError::Missing(path.to_owned()));
            }
            Err(error) => return Err(graft_durable::Error::on("open", path)(error).into()),
        };
        // SAFETY: entries are written under another name, renamed when they are whole, and never
        // changed after that, so the mapped bytes stay what they are for as long as they are mapped.
        let map = unsafe { Mmap::map(&file) };
        Ok(map.map_err(graft_durable::Error::on("map", path))?)
    }

    pub(super) fn mapped(map: Mmap, range: Range<usize>) -> Self {
        Self::Mapped {
            map,
            range,
            read: AtomicUsize::new(0),
        }
    }

    /// The bytes in `part`, of which none is beyond the end.
    pub(super) fn bytes(&self, part: Range<usize>) -> &[u8] {
        match self {
            Self::Mapped { map, range, read } => {
                if read.fetch_add(part.len(), Ordering::Relaxed) > RESIDENT {
                    self.give_back();
                }
                &map[range.clone()][part]
            }
            Self::Held(bytes) => &bytes[part],
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Mapped { range, .. } => range.len(),
            Self::Held(bytes) => bytes.len(),
        }
    }

    /// The SHA-256 of all bytes.
    pub(super) fn sha256(&self) -> String {
        const PIECE: usize = 16 << 20;
        let mut hashing = Hashing::default();
        for start in (0..self.len()).step_by(PIECE) {
            let piece = self.bytes(start..self.len().min(start + PIECE));
            // Hashing never fails.
            let _ = hashing.write_all(piece);
        }
        self.give_back();
        hashing.finish()
    }

    /// Tells the system that no page of the file is needed in memory now. That it does not listen is
    /// no failure.
    #[cfg_attr(
        unix,
        expect(unsafe_code, reason = "see the comment on the safety of the advice")
    )]
    fn give_back(&self) {
        if let Self::Mapped { map, read, .. } = self {
            read.store(0, Ordering::Relaxed);
            #[cfg(unix)]
            {
                use memmap2::UncheckedAdvice;
                // SAFETY: the map is of a file and only read, so a page that was given back is read
                // from the file again, as it was.
                let _ = unsafe { map.unchecked_advise(UncheckedAdvice::DontNeed) };
            }
            #[cfg(not(unix))]
            let _ = map;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_after_they_were_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..100_000_u32).map(|i| i.to_le_bytes()[0]).collect();
        std::fs::write(&path, &content).unwrap();
        let mapped = Payload::mapped(Payload::map(&path).unwrap(), 8..100_000);
        let held = Payload::Held(content[8..].to_vec());
        assert_eq!(mapped.len(), held.len());
        for _ in 0..2 {
            assert!(mapped.bytes(5..99_000) == held.bytes(5..99_000));
            mapped.give_back();
        }
        assert_eq!(mapped.sha256(), held.sha256());
    }
}
