//! What the IDX reader accepts, and by which name it refuses the rest.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Two images of 1x3.
const IMAGES: [u8; 22] = [
    0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6,
];

fn images(bytes: &[u8]) -> Result<Idx<3>, IdxFault> {
    decode(Cursor::new(bytes))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn with(position: usize, bytes: &[u8]) -> Vec<u8> {
    let mut changed = IMAGES.to_vec();
    changed[position..position + bytes.len()].copy_from_slice(bytes);
    changed
}

/// The variant's name, as its Debug form begins.
fn name(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn plain_and_gzip_read_alike() {
    for bytes in [IMAGES.to_vec(), gzip(&IMAGES)] {
        let idx = images(&bytes).unwrap();
        assert_eq!(idx.dimensions, [2, 1, 3]);
        assert_eq!(idx.data, [1, 2, 3, 4, 5, 6]);
    }
    let labels: Idx<1> = decode(Cursor::new([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])).unwrap();
    assert_eq!((labels.dimensions, labels.data), ([2], vec![7, 9]));
}

#[test]
fn each_fault_has_its_name() {
    let mut wrong_crc = gzip(&IMAGES);
    let crc = wrong_crc.len() - 8;
    wrong_crc[crc] ^= 1;
    let mut wrong_size = gzip(&IMAGES);
    *wrong_size.last_mut().unwrap() ^= 1;
    let huge = [255; 4];
    let cases: [(&str, Vec<u8>); 18] = [
        ("Truncated", vec![]),
        ("Truncated", vec![0]),
        ("Magic", b"<html>404</html>".to_vec()),
        ("Magic", with(1, &[1])),
        ("TypeCode", with(2, &[0x0d])),
        ("Rank", with(3, &[1])),
        ("ZeroDimension", with(4, &[0; 4])),
        ("ZeroDimension", with(12, &[0; 4])),
        ("TooLarge", with(4, &huge)),
        ("TooLarge", with(4, &[255; 12])),
        // 2^31 x 2^31 x 4 overflows 64 bits to zero.
        (
            "TooLarge",
            with(4, &[128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4]),
        ),
        ("Trailing", [&IMAGES[..], &[0]].concat()),
        ("Trailing", gzip(&[&IMAGES[..], &[0]].concat())),
        ("Truncated", gzip(&IMAGES[..21])),
        ("Gzip", wrong_crc),
        ("Gzip", wrong_size),
        ("Trailing", [gzip(&IMAGES), gzip(&[0])].concat()),
        ("Gzip", [gzip(&IMAGES), vec![0]].concat()),
    ];
    for (expected, bytes) in cases {
        let error = images(&bytes).unwrap_err();
        assert_eq!(name(&error), expected, "{bytes:02x?}: {error}");
    }
}

#[test]
fn every_type_code_and_rank_but_one_is_refused() {
    for code in 0..=255 {
        for (position, right, fault) in [(2, 8, "TypeCode"), (3, 3, "Rank")] {
            match images(&with(position, &[code])) {
                Ok(_) => assert_eq!(code, right),
                Err(error) => assert_eq!(name(&error), fault),
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for length in 0..IMAGES.len() {
        let error = images(&IMAGES[..length]).unwrap_err();
        assert_eq!(name(&error), "Truncated", "{length} bytes");
    }
    let packed = gzip(&IMAGES);
    for length in 2..packed.len() {
        let error = images(&packed[..length]).unwrap_err();
        assert_eq!(name(&error), "Gzip", "{length} packed bytes");
    }
}

#[test]
fn a_header_alone_takes_no_memory() {
    // 1 GiB is declared, which the cap allows, and nothing follows.
    let header = with(4, &[0, 16, 0, 0, 0, 0, 0, 32, 0, 0, 0, 32]);
    let error = images(&header[..16]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cut short: expected 1073741840 bytes unpacked, found 16; fetch the file again"
    );
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = read::<3>(folder.path()).unwrap_err();
    assert_eq!(name(&error), "NotAFile");
    let error = read::<3>(&folder.path().join("absent")).unwrap_err();
    assert_eq!(name(&error), "Open");
    assert!(error.to_string().contains("absent"), "{error}");
    let path = folder.path().join("the-file");
    std::fs::write(&path, b"<html>").unwrap();
    let error = read::<3>(&path).unwrap_err().to_string();
    assert!(error.contains("the-file: expected an IDX file"), "{error}");
}
