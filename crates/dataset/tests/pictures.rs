//! Pictures as people have them: every kind of PNG and JPEG gives the same digit, and what is no
//! picture, or an absurd one, is refused by name. The files beside this one all show one 7.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::fs;
use std::path::{Path, PathBuf};

use graft_dataset::{Error, ImageForm, MAX_PICTURE_BYTES, Picture, PictureForm, read_picture};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pictures")
        .join(name)
}

fn read_digit(path: &Path) -> Result<Picture, Error> {
    read_picture(path, PictureForm::Digit, ImageForm::MNIST)
}

fn read_bytes(bytes: &[u8]) -> Result<Picture, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture");
    fs::write(&path, bytes).unwrap();
    read_digit(&path)
}

/// The variant's name, as its Debug form begins; for a picture, that of its fault.
fn name(error: &Error) -> String {
    let text = match error {
        Error::Picture { fault, .. } => format!("{fault:?}"),
        other => format!("{other:?}"),
    };
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

fn mean_difference(a: &Picture, b: &Picture) -> f64 {
    let pairs = a.pixels.iter().zip(&b.pixels);
    let sum: u32 = pairs.map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
    f64::from(sum) / 784.0
}

#[test]
fn every_kind_of_picture_shows_the_same_digit() {
    let expected = read_digit(&fixture("one-bit.png")).unwrap();
    assert!(expected.inverted);
    let cases = [
        ("palette.png", true),
        ("palette-transparent.png", true),
        ("animated.png", true),
        ("black-on-nothing.png", true),
        ("white-on-nothing.png", false),
        ("progressive.jpg", true),
        ("rotated.jpg", true),
        ("cmyk.jpg", true),
    ];
    for (file, inverted) in cases {
        let digit = read_digit(&fixture(file)).unwrap();
        assert_eq!(digit.inverted, inverted, "{file}");
        let difference = mean_difference(&digit, &expected);
        assert!(difference < 3.0, "{file}: {difference}");
    }
}

#[test]
fn sixteen_bits_and_transparent_corners_are_read() {
    let seven = image::open(fixture("palette.png")).unwrap();
    let expected = read_digit(&fixture("palette.png")).unwrap();
    // Rounded corners: the paper, which is most of the picture, goes on under them.
    let mut cornered = seven.to_rgba8();
    for (x, y, pixel) in cornered.enumerate_pixels_mut() {
        if x + y < 8 {
            pixel.0 = [0; 4];
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    for picture in [
        seven.to_luma16().into(),
        seven.to_rgba16().into(),
        image::DynamicImage::ImageRgba8(cornered),
    ] {
        picture.save(&path).unwrap();
        let digit = read_digit(&path).unwrap();
        assert!(digit.inverted);
        assert!(mean_difference(&digit, &expected) < 0.1);
    }
}

/// A PNG fixture whose header claims other dimensions, with the right checksum.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = fs::read(fixture("palette.png")).unwrap();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    png
}

fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = fs::read(fixture("cmyk.jpg")).unwrap();
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

#[test]
fn what_is_no_picture_or_an_absurd_one_is_refused() {
    let png = fs::read(fixture("palette.png")).unwrap();
    let jpeg = fs::read(fixture("rotated.jpg")).unwrap();
    let too_long = usize::try_from(MAX_PICTURE_BYTES).unwrap() + 1;
    let cases: [(&str, &str, Vec<u8>); 17] = [
        ("Empty", "is empty", vec![]),
        ("Bytes", "33554433", vec![0; too_long]),
        ("Damaged", "", b"GIF89a......".to_vec()),
        ("Damaged", "", b"RIFF....WEBPVP8 ".to_vec()),
        ("Format", "HEIC", b"\0\0\0\x18ftypheic".to_vec()),
        ("Format", "PDF", b"%PDF-1.7".to_vec()),
        ("Format", "HTML", b"<!DOCTYPE html>".to_vec()),
        ("Format", "[1f, 8b, 08]", vec![0x1f, 0x8b, 8]),
        ("Damaged", "", png[..100].to_vec()),
        ("Damaged", "", png[..8].to_vec()),
        ("Damaged", "end marker is missing", jpeg[..1200].to_vec()),
        ("Damaged", "", b"\xff\xd8\xff\xd9".to_vec()),
        ("Damaged", "", png_claiming(0, 5)),
        ("Size", "16384x16384", png_claiming(16_384, 16_384)),
        ("Size", "1x16385", png_claiming(1, 16_385)),
        ("Size", "65535x65535", jpeg_claiming(65_535, 65_535)),
        ("Damaged", "", jpeg_claiming(0, 0)),
    ];
    for (expected, words, bytes) in cases {
        let error = read_bytes(&bytes).unwrap_err();
        let message = error.to_string();
        assert_eq!(name(&error), expected, "{message}");
        assert!(message.contains("picture: "), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let error = read_digit(&fixture("absent.png")).unwrap_err();
    assert_eq!(name(&error), "Open");
    assert_eq!(name(&read_digit(&fixture("")).unwrap_err()), "NotAFile");
}
