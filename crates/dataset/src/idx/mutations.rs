//! Mutated IDX files, plain and gzip: the reader answers with whole images or a named error, and
//! never with a panic.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// One way to spoil a file, knowing how it is built.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(Index, u8),
    Bit(Index, u8),
    Dimension(usize, u32),
    TypeCode(u8),
    Rank(u8),
    Cut(Index),
    Append(Vec<u8>),
    Remove(Index),
    Repeat,
}

impl Mutation {
    fn apply(self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let mut put = |position: usize, value: &[u8]| {
            for (byte, &value) in bytes.iter_mut().skip(position).zip(value) {
                *byte = value;
            }
        };
        match self {
            Self::Byte(place, value) => put(place.index(length), &[value]),
            Self::Dimension(place, value) => put(4 + 4 * place, &value.to_be_bytes()),
            Self::TypeCode(code) => put(2, &[code]),
            Self::Rank(rank) => put(3, &[rank]),
            Self::Bit(place, bit) => bytes[place.index(length)] ^= 1 << bit,
            Self::Cut(place) => bytes.truncate(place.index(length)),
            Self::Append(more) => bytes.extend(more),
            Self::Remove(place) => drop(bytes.remove(place.index(length))),
            Self::Repeat => bytes.extend_from_within(..),
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let dimension = prop_oneof![
        0_u32..6,
        Just(u32::MAX),
        Just(1 << 31),
        Just(1 << 16),
        any::<u32>()
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(place, value)| Mutation::Byte(place, value)),
        (any::<Index>(), 0_u8..8).prop_map(|(place, bit)| Mutation::Bit(place, bit)),
        (0_usize..3, dimension).prop_map(|(place, value)| Mutation::Dimension(place, value)),
        any::<u8>().prop_map(Mutation::TypeCode),
        (0_u8..6).prop_map(Mutation::Rank),
        any::<Index>().prop_map(Mutation::Cut),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(Mutation::Append),
        any::<Index>().prop_map(Mutation::Remove),
        Just(Mutation::Repeat),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A valid file of images, rows and columns.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    (1_u32..5, 1_u32..5, 1_u32..5).prop_flat_map(|(images, rows, columns)| {
        let header = [images, rows, columns].map(u32::to_be_bytes).concat();
        let pixels = (images * rows * columns) as usize;
        prop::collection::vec(any::<u8>(), pixels)
            .prop_map(move |data| [&[0, 0, 8, 3], &header[..], &data].concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn mutated_files_are_whole_or_refused(
        original in valid(),
        before in prop::collection::vec(mutation(), 0..3),
        packed: bool,
        after in prop::collection::vec(mutation(), 0..3),
    ) {
        let untouched = before.is_empty() && after.is_empty();
        let mut file = original.clone();
        for mutation in before {
            mutation.apply(&mut file);
        }
        if packed {
            file = gzip(&file);
        }
        for mutation in after {
            mutation.apply(&mut file);
        }
        match decode::<3>(Cursor::new(&file), Path::new("the-file")) {
            Ok(idx) => {
                prop_assert_eq!(idx.data.len(), idx.dimensions.iter().product::<usize>());
                let plain = if packed { &original } else { &file };
                if untouched || !packed {
                    prop_assert_eq!(&plain[16..], &idx.data);
                }
            }
            Err(error) => {
                prop_assert!(!untouched, "{}", error);
                prop_assert!(error.to_string().contains("the-file"), "{}", error);
            }
        }
    }
}
