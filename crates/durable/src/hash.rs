//! SHA-256 of bytes, of files, and of what flows past.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::Error;

/// Counts and hashes everything that is written to it, and keeps none of it.
#[derive(Default)]
pub struct Hashing {
    digest: Sha256,
    bytes: u64,
}

impl Hashing {
    /// How many bytes have been hashed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The hash of everything so far.
    #[must_use]
    pub fn digest(self) -> [u8; 32] {
        self.digest.finalize().into()
    }

    /// The same, as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn finish(self) -> String {
        use std::fmt::Write;
        self.digest()
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut hashing = Hashing::default();
    hashing.digest.update(bytes);
    hashing.finish()
}

/// The SHA-256 of a file's content, read in pieces.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn sha256_file(path: &Path) -> Result<String, Error> {
    let file = File::open(path).map_err(Error::on("open", path))?;
    let mut hashing = Hashing::default();
    io::copy(&mut BufReader::with_capacity(1 << 20, file), &mut hashing)
        .map_err(Error::on("read", path))?;
    Ok(hashing.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The two test vectors of FIPS 180-2, appendix B.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn known_hashes() {
        assert_eq!(sha256(b"abc"), ABC);
        assert_eq!(sha256(b""), EMPTY);
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        let mut hashing = Hashing::default();
        hashing.write_all(b"a").unwrap();
        hashing.write_all(b"bc").unwrap();
        assert_eq!(hashing.bytes(), 3);
        assert_eq!(hashing.finish(), ABC);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = sha256_file(Path::new("no/such/file")).unwrap_err();
        assert!(error.to_string().contains("no/such/file"), "{error}");
    }
}
