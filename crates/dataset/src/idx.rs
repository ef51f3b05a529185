//! The IDX format of `LeCun`'s MNIST page, read strictly: two zero bytes, a type code, the number of
//! dimensions, each dimension as a big-endian u32, then the data; nothing missing, nothing after.
//! Plain or gzip (of any number of members), told apart by content. Every stream is measured before memory is taken for it.

use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::open;
use crate::{Error, IdxFault};

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
    decode(open(path)?).map_err(|fault| Error::Idx {
        path: path.to_owned(),
        fault,
    })
}

/// Reads a stream twice: once to check it in little memory, once to keep its data.
fn decode<const RANK: usize>(mut stream: impl Read + Seek) -> Result<Idx<RANK>, IdxFault> {
    let gzip = bytes_at_most(&mut stream, 2)? == GZIP_MAGIC;
    stream.rewind()?;
    let mut stream = BufReader::new(stream);
    let dimensions = if gzip {
        measure(MultiGzDecoder::new(&mut stream), IdxFault::Gzip)?
    } else {
        measure(&mut stream, IdxFault::Read)?
    };
    stream.rewind()?;
    if gzip {
        keep(MultiGzDecoder::new(stream), dimensions)
    } else {
        keep(stream, dimensions)
    }
}

/// Checks the header and the length of a stream, and keeps none of its data.
fn measure<const RANK: usize>(
    mut stream: impl Read,
    failed: impl Fn(io::Error) -> IdxFault,
) -> Result<[u32; RANK], IdxFault> {
    let header_length = header_length::<RANK>();
    let header = bytes_at_most(&mut stream, header_length).map_err(&failed)?;
    let dimensions = parse_header(&header)?;
    let data_length = data_length(&dimensions)?;
    let expected = header_length + data_length;
    // One byte more than declared shows that there is more, however much that is.
    let found = io::copy(&mut stream.take(data_length + 1), &mut io::sink()).map_err(failed)?;
    match header_length + found {
        found if found > expected => Err(IdxFault::Trailing { expected }),
        found if found < expected => Err(IdxFault::Truncated { expected, found }),
        _ => Ok(dimensions),
    }
}

/// Reads the data of a stream whose header and length were checked.
fn keep<const RANK: usize>(
    mut stream: impl Read,
    dimensions: [u32; RANK],
) -> Result<Idx<RANK>, IdxFault> {
    bytes_at_most(&mut stream, header_length::<RANK>())?;
    let dimensions = dimensions.map(|dimension| dimension as usize);
    let mut data = vec![0; dimensions.iter().product()];
    stream.read_exact(&mut data)?;
    Ok(Idx { dimensions, data })
}

fn parse_header<const RANK: usize>(header: &[u8]) -> Result<[u32; RANK], IdxFault> {
    match *header {
        [first, second, ..] if [first, second] != [0, 0] => {
            return Err(IdxFault::Magic([first, second]));
        }
        [_, _, found, ..] if found != UNSIGNED_BYTE => return Err(IdxFault::TypeCode(found)),
        [_, _, _, found, ..] if usize::from(found) != RANK => {
            let expected = RANK;
            return Err(IdxFault::Rank { expected, found });
        }
        _ => {}
    }
    let (expected, found) = (header_length::<RANK>(), header.len() as u64);
    if found < expected {
        return Err(IdxFault::Truncated { expected, found });
    }
    Ok(std::array::from_fn(|at| {
        let bytes = header[4 + 4 * at..][..4].iter();
        bytes.fold(0, |number, &byte| number << 8 | u32::from(byte))
    }))
}

/// The number of bytes that the dimensions declare, at most [`MAX_IDX_BYTES`].
fn data_length(dimensions: &[u32]) -> Result<u64, IdxFault> {
    if dimensions.contains(&0) {
        return Err(IdxFault::ZeroDimension(dimensions.to_vec()));
    }
    dimensions
        .iter()
        .try_fold(1_u64, |n, &dimension| n.checked_mul(dimension.into()))
        .filter(|&length| length <= MAX_IDX_BYTES)
        .ok_or_else(|| IdxFault::TooLarge(dimensions.to_vec()))
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

#[cfg(test)]
mod bombs;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
