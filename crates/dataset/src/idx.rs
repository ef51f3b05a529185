//! The IDX format of `LeCun`'s MNIST page, read strictly: two zero bytes, a type code, the number of
//! dimensions, each dimension as a big-endian u32, then the data; nothing missing, nothing after.
//! Plain or gzip, told apart by content. Every stream is measured before memory is taken for it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::Error;

/// The most data that an IDX file may declare: 1 GiB, some 1.3 million images of 28x28.
pub const MAX_IDX_BYTES: u64 = 1 << 30;

/// The type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;
/// The first two bytes of every gzip member (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An array of bytes with `RANK` dimensions, the last one running fastest.
#[derive(Debug, PartialEq)]
pub(crate) struct Idx<const RANK: usize> {
    pub(crate) dimensions: [usize; RANK],
    pub(crate) data: Vec<u8>,
}

/// Reads the IDX file at `path`, which must have `RANK` dimensions of unsigned bytes.
pub(crate) fn read<const RANK: usize>(path: &Path) -> Result<Idx<RANK>, Error> {
    // Asked before opening, since opening a pipe waits for its other end.
    let metadata = fs::metadata(path).map_err(Error::on("open", path))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    decode(File::open(path).map_err(Error::on("open", path))?, path)
}

/// Reads a stream twice: once to check it in little memory, once to keep its data.
fn decode<const RANK: usize>(
    mut stream: impl Read + Seek,
    path: &Path,
) -> Result<Idx<RANK>, Error> {
    let gzip = bytes_at_most(&mut stream, 2).map_err(Error::on("read", path))? == GZIP_MAGIC;
    if gzip {
        let mut member = GzDecoder::new(rewound(&mut stream, path)?);
        let header = measure(&mut member, path, damaged_gzip)?;
        let mut rest = member.into_inner();
        if !rest.fill_buf().map_err(Error::on("read", path))?.is_empty() {
            return Err(Error::GzipTrailing {
                path: path.to_owned(),
            });
        }
        keep(GzDecoder::new(rewound(&mut stream, path)?), header, path)
    } else {
        let header = measure(rewound(&mut stream, path)?, path, |source, path| {
            Error::on("read", path)(source)
        })?;
        keep(rewound(&mut stream, path)?, header, path)
    }
}

/// The stream from its start on, buffered.
fn rewound<'a, S: Read + Seek>(
    stream: &'a mut S,
    path: &Path,
) -> Result<BufReader<&'a mut S>, Error> {
    stream.rewind().map_err(Error::on("read", path))?;
    Ok(BufReader::new(stream))
}

/// Checks the header and the length of a stream, and keeps none of its data.
fn measure<const RANK: usize>(
    mut stream: impl Read,
    path: &Path,
    failed: impl Fn(io::Error, &Path) -> Error,
) -> Result<[u32; RANK], Error> {
    let header_length = header_length::<RANK>();
    let header = bytes_at_most(&mut stream, header_length).map_err(|e| failed(e, path))?;
    let dimensions = parse_header(&header, path)?;
    let data_length = data_length(&dimensions, path)?;
    let expected = header_length + data_length;
    // One byte more than declared shows that there is more, however much that is.
    let found = io::copy(&mut stream.take(data_length + 1), &mut io::sink())
        .map_err(|e| failed(e, path))?;
    if found > data_length {
        return Err(Error::Trailing {
            path: path.to_owned(),
            expected,
        });
    }
    if found < data_length {
        return Err(Error::Truncated {
            path: path.to_owned(),
            expected,
            found: header_length + found,
        });
    }
    Ok(dimensions)
}

/// Reads the data of a stream whose header and length were checked.
fn keep<const RANK: usize>(
    mut stream: impl Read,
    dimensions: [u32; RANK],
    path: &Path,
) -> Result<Idx<RANK>, Error> {
    let header_length = header_length::<RANK>();
    bytes_at_most(&mut stream, header_length).map_err(Error::on("read", path))?;
    let dimensions = dimensions.map(|dimension| dimension as usize);
    let mut data = vec![0; dimensions.iter().product()];
    stream
        .read_exact(&mut data)
        .map_err(Error::on("read", path))?;
    Ok(Idx { dimensions, data })
}

fn parse_header<const RANK: usize>(header: &[u8], path: &Path) -> Result<[u32; RANK], Error> {
    let path = || path.to_owned();
    let (magic, rest) = match *header {
        [first, second, ..] if (first, second) != (0, 0) => {
            return Err(Error::Magic {
                path: path(),
                found: [first, second],
            });
        }
        [_, _, found, ..] if found != UNSIGNED_BYTE => {
            return Err(Error::TypeCode {
                path: path(),
                found,
            });
        }
        [_, _, _, found, ..] if usize::from(found) != RANK => {
            return Err(Error::Rank {
                path: path(),
                expected: RANK,
                found,
            });
        }
        _ => header.split_at(header.len().min(4)),
    };
    let mut dimensions = [0; RANK];
    if magic.len() < 4 || rest.len() < 4 * RANK {
        return Err(Error::Truncated {
            path: path(),
            expected: header_length::<RANK>(),
            found: header.len() as u64,
        });
    }
    for (dimension, bytes) in dimensions.iter_mut().zip(rest.chunks_exact(4)) {
        *dimension = bytes.iter().fold(0, |n, &byte| n << 8 | u32::from(byte));
    }
    Ok(dimensions)
}

/// The number of bytes that the dimensions declare, at most [`MAX_IDX_BYTES`].
fn data_length(dimensions: &[u32], path: &Path) -> Result<u64, Error> {
    if dimensions.contains(&0) {
        return Err(Error::ZeroDimension {
            path: path.to_owned(),
            dimensions: dimensions.to_vec(),
        });
    }
    dimensions
        .iter()
        .try_fold(1_u64, |n, &dimension| n.checked_mul(dimension.into()))
        .filter(|&length| length <= MAX_IDX_BYTES)
        .ok_or_else(|| Error::TooLarge {
            path: path.to_owned(),
            dimensions: dimensions.to_vec(),
        })
}

/// Four bytes of magic, then four a dimension.
const fn header_length<const RANK: usize>() -> u64 {
    4 + 4 * RANK as u64
}

fn bytes_at_most(stream: &mut impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn damaged_gzip(source: io::Error, path: &Path) -> Error {
    Error::Gzip {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod bombs;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
