//! Mutated IDX files, plain and gzip: the reader answers with whole data or a named error, within
//! the limits of time and memory.

use std::io::{Cursor, Read, Write};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use graft_fuzz::{Limits, MUTATIONS, Material, Rng, Target, Verdict, mutate};

use super::*;

/// The header's type code and rank, and its dimensions.
const NUMBERS: [(usize, usize); 5] = [(2, 1), (3, 1), (4, 4), (8, 4), (12, 4)];

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let builder = GzBuilder::new()
        .filename("digits")
        .comment("two")
        .extra(*b"extra");
    let mut encoder = builder.write(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn corpus() -> Vec<Vec<u8>> {
    let images = |dimensions: [u8; 3]| {
        let header = [
            &[0, 0, 8, 3][..],
            &dimensions.map(|n| [0, 0, 0, n]).concat(),
        ]
        .concat();
        let pixels = dimensions.iter().map(|&n| usize::from(n)).product();
        let pixels: Vec<u8> = (0..=255).cycle().take(pixels).collect();
        [header, pixels].concat()
    };
    let plain = [
        images([1, 1, 1]),
        images([2, 28, 28]),
        images([3, 5, 2]),
        [0, 0, 8, 1, 0, 0, 0, 4, 7, 0, 9, 1].to_vec(),
    ];
    let packed = [0, 1, 9].map(|level| plain.each_ref().map(|file| gzip(file, level)));
    [&plain[..], &packed.concat()].concat()
}

/// Spoils what a gzip file holds, and packs it again; then, at times, the packed file.
fn within_gzip(bytes: &mut Vec<u8>, rng: &mut Rng, material: Material<'_>) {
    let mut plain = Vec::new();
    if GzDecoder::new(&bytes[..]).read_to_end(&mut plain).is_err() {
        return mutate(bytes, rng, material);
    }
    mutate(&mut plain, rng, material);
    *bytes = gzip(&plain, rng.u32(0..3));
    if rng.u8(0..3) == 0 {
        mutate(bytes, rng, Material::default());
    }
}

/// What must hold of a file with `RANK` dimensions, or of the reason against it.
fn check<const RANK: usize>(file: &[u8]) -> bool {
    match decode::<RANK>(Cursor::new(file)) {
        Ok(idx) => {
            assert_eq!(idx.data.len(), idx.dimensions.iter().product::<usize>());
            if !file.starts_with(&GZIP_MAGIC) {
                assert_eq!(file[4 + 4 * RANK..], idx.data);
            }
            true
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("found"), "{message}");
            false
        }
    }
}

#[test]
fn mutated_files_are_whole_or_refused() {
    let target = Target {
        name: "idx",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "idx::mutations::mutated_files_are_whole_or_refused",
        limits: Limits::declaring(0),
        corpus: &corpus(),
        mutations: MUTATIONS,
        words: &[&[0, 0, 8, 1], &[0, 0, 8, 3], &GZIP_MAGIC],
        numbers: &NUMBERS,
        own: Some(within_gzip),
    };
    target.run(|file| {
        if check::<3>(file) || check::<1>(file) {
            Verdict::Accepted
        } else {
            Verdict::Refused
        }
    });
}
