//! From any stream to a verified file: counted and hashed while it is written, and named at last.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use graft_durable::{Hashing, Pending};

use crate::failure::Trouble;
use crate::progress::Progress;
use crate::{Asset, Failure, Mismatch};

/// How much of wrong content is shown, so that a login page is recognised as one.
const SHOWN: usize = 40;

/// The first two bytes of a gzip file, RFC 1952, 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Writes what `reader` yields to `path`, if it is exactly the pinned content. Reads at most one
/// byte more than that, and keeps 64 KiB of it in memory.
pub(crate) fn receive(
    reader: &mut dyn Read,
    asset: &Asset,
    path: &Path,
    progress: &mut Progress,
) -> Result<(), Trouble> {
    let on_write = graft_durable::Error::on;
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
            Err(error) => return Err(broken(&error).into()),
        };
        start.extend_from_slice(&read[..read.len().min(SHOWN - start.len())]);
        hashing.write_all(read).map_err(on_write("hash", path))?;
        pending.write_all(read).map_err(on_write("write", path))?;
        progress.advance(read.len() as u64);
    }
    let found = hashing.bytes();
    let hash = hashing.finish();
    let mismatch = if found > asset.bytes {
        Mismatch::TooLong {
            expected: asset.bytes,
        }
    } else if found < asset.bytes {
        Mismatch::Size {
            expected: asset.bytes,
            found,
        }
    } else if hash != asset.sha256 {
        Mismatch::Hash {
            expected: asset.sha256.clone(),
            found: hash,
        }
    } else {
        return Ok(pending.commit()?);
    };
    let start = text(&start);
    Err(Failure::Wrong { mismatch, start }.into())
}

/// Unpacks gzip and passes everything else through: servers and browsers unpack `.gz` files on
/// their own account at times, and the hash of the content decides anyway.
pub(crate) fn unpacked<'a>(mut reader: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Failure> {
    let mut start = Vec::new();
    reader
        .by_ref()
        .take(2)
        .read_to_end(&mut start)
        .map_err(|error| broken(&error))?;
    let is_gzip = start == GZIP;
    let whole = io::Cursor::new(start).chain(reader);
    Ok(if is_gzip {
        Box::new(GzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

/// Why a stream broke off.
fn broken(error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(failure) => Failure::clone(failure),
        None => Failure::Broken {
            reason: error.to_string(),
        },
    }
}

/// Some bytes as text, if they are printable.
fn text(bytes: &[u8]) -> Option<String> {
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    (!bytes.is_empty() && bytes.iter().all(printable))
        .then(|| String::from_utf8_lossy(bytes).into_owned())
}
