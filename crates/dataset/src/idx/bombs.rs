//! Small gzip files that unpack to a gibibyte: refused at once, and in little memory.

use std::io::Cursor;
use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};
use graft_fuzz::{Limits, MIB, Target, Verdict};

use super::*;

/// The deflate blocks of `bytes`, ending at a byte boundary and without a last block.
fn blocks(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false)
        .compress_vec(bytes, &mut packed, FlushCompress::Full)
        .unwrap();
    packed
}

/// An intact gzip file of `start`, and `mebibytes` of zeros.
fn bomb(start: &[u8], mebibytes: usize) -> Vec<u8> {
    let zeros = vec![0; MIB];
    let packed = blocks(&zeros);
    let mut crc = Crc::new();
    crc.update(start);
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(blocks(start));
    for _ in 0..mebibytes {
        crc.update(&zeros);
        file.extend(&packed);
    }
    // The last block: stored, and empty.
    file.extend([1, 0, 0, 0xff, 0xff]);
    file.extend(crc.sum().to_le_bytes());
    let length = start.len() + mebibytes * MIB;
    file.extend(u32::try_from(length % (1 << 32)).unwrap().to_le_bytes());
    assert!(file.len() < 2 * MIB, "{} bytes", file.len());
    file
}

/// The header of `images` images of 32x32, and their first pixels.
fn header(images: u32, pixels: &[u8]) -> Vec<u8> {
    let dimensions = [images, 32, 32].map(u32::to_be_bytes).concat();
    [&[0, 0, 8, 3][..], &dimensions, pixels].concat()
}

fn refused(name: &str, test: &str, seconds: u64, file: Vec<u8>) {
    let limits = Limits {
        time: Duration::from_secs(seconds),
        memory: 32 * MIB,
    };
    let target = Target {
        name,
        manifest: env!("CARGO_MANIFEST_DIR"),
        test,
        limits,
        corpus: &[file],
        mutations: 0,
        words: &[],
        numbers: &[],
        own: None,
    };
    target.run(|file| {
        let error = decode::<3>(Cursor::new(file)).unwrap_err();
        assert!(matches!(error, IdxFault::Trailing { .. }), "{error}");
        Verdict::Refused
    });
}

#[test]
fn a_bomb_behind_two_images_is_refused_at_once() {
    refused(
        "gzip-bomb",
        "idx::bombs::a_bomb_behind_two_images_is_refused_at_once",
        1,
        bomb(&header(2, &[1; 2048]), 1024),
    );
}

#[test]
fn a_bomb_that_declares_nearly_all_of_itself_takes_no_memory() {
    // What it declares is the most that may be, and one byte follows.
    refused(
        "declared-bomb",
        "idx::bombs::a_bomb_that_declares_nearly_all_of_itself_takes_no_memory",
        10,
        bomb(&header(1 << 20, &[1]), 1024),
    );
}
