//! Mutated PNG and JPEG pictures, and the largest that are allowed: a digit or a named error,
//! within the limits of time and memory.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use graft_dataset::{Error, ImageForm, MAX_PICTURE_ALLOCATION, Picture, PictureForm, read_picture};
use graft_fuzz::{Limits, MUTATIONS, Material, Rng, Target, Verdict, mutate, place};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbaImage};

const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// What a valid header may declare is what may be unpacked.
fn limits() -> Limits {
    Limits::declaring(usize::try_from(MAX_PICTURE_ALLOCATION).unwrap())
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The pictures beside this file, and what the encoders make of one of them.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let seven = image::open(&paths[0]).unwrap();
    let mut corpus: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    corpus.extend([
        encoded(&seven.to_luma16().into(), ImageFormat::Png),
        encoded(&seven.to_rgba16().into(), ImageFormat::Png),
        encoded(&seven.to_luma_alpha8().into(), ImageFormat::Png),
        encoded(&seven.to_luma8().into(), ImageFormat::Jpeg),
        encoded(&seven.to_rgb8().into(), ImageFormat::Jpeg),
    ]);
    corpus
}

/// Spoils a picture as its format is built: a PNG's chunks, whose checksums are right after that,
/// and a JPEG's segments, whose lengths are.
fn as_it_is_built(bytes: &mut Vec<u8>, rng: &mut Rng, material: Material<'_>) {
    if bytes.starts_with(&PNG) {
        *bytes = with_other_chunks(bytes, rng);
    } else {
        *bytes = with_other_segments(bytes, rng);
    }
    if rng.u8(0..4) == 0 {
        mutate(bytes, rng, material);
    }
}

fn with_other_chunks(png: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut chunks: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut rest = &png[8..];
    while let [a, b, c, d, more @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (kind, data) = (&more[..4], &more[4..4 + length]);
        chunks.push((kind.to_vec(), data.to_vec()));
        rest = &more[8 + length..];
    }
    let at = rng.usize(..chunks.len());
    match rng.u8(0..8) {
        0 => drop(chunks.remove(at)),
        1 => chunks.insert(rng.usize(..chunks.len()), chunks[at].clone()),
        2 => {
            let to = rng.usize(..chunks.len());
            chunks.swap(at, to);
        }
        3 => mutate(&mut chunks[at].0, rng, Material::default()),
        _ => {
            let (kind, data) = &mut chunks[at];
            if kind == b"IDAT" && rng.bool() {
                let mut rows = Vec::new();
                // What can be unpacked of a picture in several such chunks is enough.
                let _ = ZlibDecoder::new(&data[..]).read_to_end(&mut rows);
                mutate(&mut rows, rng, Material::default());
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&rows).unwrap();
                *data = encoder.finish().unwrap();
            } else {
                // The header's width and height.
                let numbers = [(0, 4), (4, 4)];
                let material = Material {
                    numbers: &numbers,
                    ..Material::default()
                };
                mutate(data, rng, material);
            }
        }
    }
    let mut bytes = PNG.to_vec();
    for (kind, data) in chunks {
        let mut crc = flate2::Crc::new();
        crc.update(&kind);
        crc.update(&data);
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend([kind, data].concat());
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}

fn with_other_segments(jpeg: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut segments: Vec<Vec<u8>> = Vec::new();
    let mut rest = &jpeg[2..];
    // Up to the first scan, which has no length.
    while let [0xff, marker, high, low, more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])) - 2;
        segments.push([&[*marker], &more[..length]].concat());
        rest = &more[length..];
        if *marker == 0xda {
            break;
        }
    }
    let at = rng.usize(..segments.len());
    match rng.u8(0..6) {
        0 => drop(segments.remove(at)),
        1 => segments.insert(rng.usize(..segments.len()), segments[at].clone()),
        2 => {
            let to = rng.usize(..segments.len());
            segments.swap(at, to);
        }
        _ => {
            // The frame's precision, height, width and number of components.
            let numbers = [(1, 1), (2, 2), (4, 2), (6, 1)];
            let material = Material {
                numbers: &numbers,
                ..Material::default()
            };
            mutate(&mut segments[at], rng, material);
        }
    }
    let mut bytes = jpeg[..2].to_vec();
    for segment in segments {
        let (marker, data) = segment.split_at(segment.len().min(1));
        bytes.extend([&[0xff], marker].concat());
        bytes.extend(
            u16::try_from(data.len() + 2)
                .unwrap_or(u16::MAX)
                .to_be_bytes(),
        );
        bytes.extend(data);
    }
    [&bytes, rest].concat()
}

fn read_digit(path: &Path) -> Result<Picture, Error> {
    read_picture(path, PictureForm::Digit, ImageForm::MNIST)
}

/// Reads `bytes` as a digit, and as a plain picture, from the file `path`.
fn read(path: &Path, bytes: &[u8]) -> Verdict {
    place(path, bytes);
    match read_digit(path) {
        Ok(digit) => {
            assert!(digit.pixels.iter().any(|value| *value > 127));
            let form = ImageForm {
                rows: 20,
                columns: 30,
                ..ImageForm::MNIST
            };
            let plain = read_picture(path, PictureForm::Plain, form).unwrap();
            assert_eq!(plain.pixels.len(), 600);
            Verdict::Accepted
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("the-picture"), "{message}");
            Verdict::Refused
        }
    }
}

#[test]
fn mutated_pictures_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target {
        name: "picture",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "mutated_pictures_are_read_or_refused",
        limits: limits(),
        corpus: &corpus(),
        mutations: MUTATIONS,
        words: &[
            b"IHDR",
            b"IDAT",
            b"IEND",
            b"PLTE",
            b"tRNS",
            b"\xff\xda",
            b"\xff\xd9",
        ],
        numbers: &[],
        own: Some(as_it_is_built),
    };
    target.run(|bytes| read(&folder.path().join("the-picture"), bytes));
}

/// A black 1 in the middle of a white picture.
fn one(side: u32) -> GrayImage {
    let (across, down) = (side * 15 / 32..side * 17 / 32, side / 4..side * 3 / 4);
    GrayImage::from_fn(side, side, |x, y| {
        Luma([if across.contains(&x) && down.contains(&y) {
            0
        } else {
            255
        }])
    })
}

#[test]
fn the_largest_pictures_stay_within_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let opaque = DynamicImage::from(one(4096)).to_rgba8();
    let clear = RgbaImage::from_fn(4096, 4096, |x, y| {
        let mut pixel = *opaque.get_pixel(x, y);
        pixel.0[3] = 255 - pixel.0[0];
        pixel
    });
    let corpus = [
        encoded(&one(8192).into(), ImageFormat::Png),
        encoded(&one(4096).into(), ImageFormat::Jpeg),
        encoded(&opaque.into(), ImageFormat::Png),
        encoded(&clear.into(), ImageFormat::Png),
    ];
    let target = Target {
        name: "large-picture",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "the_largest_pictures_stay_within_the_limits",
        limits: limits(),
        corpus: &corpus,
        mutations: 0,
        words: &[],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        let verdict = read(&folder.path().join("the-picture"), bytes);
        assert_eq!(verdict, Verdict::Accepted);
        verdict
    });
}
