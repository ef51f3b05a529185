//! From any stream to a verified file: counted and hashed while it is written, and named at last.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use graft_durable::{Error as DiskError, Hashing, Pending};
use graft_environment::progress::Progress;

use crate::http::broken;
use crate::{Asset, Error, Failure, Mismatch};

/// How much of wrong content is shown, so that a login page is recognised as one.
const SHOWN: usize = 40;

/// The first two bytes of a gzip file, RFC 1952, 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Writes what `reader` yields to `path`, if it is exactly the pinned content. Reads at most one
/// byte more than that, and keeps 64 KiB of it in memory.
pub(crate) fn receive(reader: &mut dyn Read, asset: &Asset, path: &Path) -> Result<(), Failure> {
    let on_write = DiskError::on;
    let mut progress = Progress::of_bytes(&asset.file, asset.bytes);
    let mut pending = Pending::create(path)?;
    let mut hashing = Hashing::default();
    let mut start = Vec::new();
    let mut reader = reader.take(asset.bytes + 1);
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => &piece[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(error)),
        };
        start.extend_from_slice(&read[..read.len().min(SHOWN - start.len())]);
        hashing.write_all(read).map_err(on_write("hash", path))?;
        pending.write_all(read).map_err(on_write("write", path))?;
        progress.advance(read.len());
    }
    let (expected, found) = (asset.bytes, hashing.bytes());
    let hash = hashing.finish();
    let mismatch = if found > expected {
        Mismatch::TooLong { expected }
    } else if found < expected {
        Mismatch::Size { expected, found }
    } else if hash != asset.sha256 {
        let expected = asset.sha256.clone();
        Mismatch::Hash {
            expected,
            found: hash,
        }
    } else {
        return Ok(pending.commit()?);
    };
    let start = text(&start);
    Err(Failure::Wrong { mismatch, start })
}

/// Copies the file `own` of the user's to `path`; it is never touched.
///
/// # Errors
/// When it is not the pinned one: somebody who names a folder means it.
pub(crate) fn copy(own: &Path, asset: &Asset, path: &Path) -> Result<(), Error> {
    let file = File::open(own).map_err(DiskError::on("open", own))?;
    let copied =
        unpacked(BufReader::new(file)).and_then(|mut reader| receive(&mut reader, asset, path));
    copied.map_err(|failure| match failure {
        Failure::Disk(error) => Error::Disk(error),
        reason => Error::Refused {
            path: own.to_owned(),
            reason,
        },
    })
}

/// Unpacks gzip and passes everything else through: servers and browsers unpack `.gz` files on
/// their own account at times, and the hash of the content decides anyway.
pub(crate) fn unpacked<'a>(mut reader: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Failure> {
    let mut start = Vec::new();
    let mut two = reader.by_ref().take(2);
    two.read_to_end(&mut start).map_err(broken)?;
    let is_gzip = start == GZIP;
    let whole = io::Cursor::new(start).chain(reader);
    Ok(if is_gzip {
        Box::new(GzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

/// Some bytes as text, if they are printable.
fn text(bytes: &[u8]) -> Option<String> {
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    (!bytes.is_empty() && bytes.iter().all(printable))
        .then(|| String::from_utf8_lossy(bytes).into_owned())
}
