//! Ways to spoil a file, most of them with an idea of how files are built: lengths and counts take
//! extreme values, parts are doubled, dropped or taken from another file.

use std::ops::Range;

use fastrand::Rng;

/// Values that sizes and counts break at.
const EXTREMES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    1 << 16,
    1 << 24,
    0x7fff_ffff,
    1 << 31,
    0xffff_ffff,
    1 << 62,
    u64::MAX,
];

/// Numbers in text that break parsers.
const TEXT_EXTREMES: [&str; 9] = [
    "0",
    "-1",
    "1e999",
    "nan",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999999999",
    "0x10",
    "",
];

/// What mutations of a kind of file are made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Material<'a> {
    /// Other valid files, to take parts from.
    pub others: &'a [Vec<u8>],
    /// Words of the format.
    pub words: &'a [&'a [u8]],
    /// Where numbers of the format stand: their offsets, and how many bytes they have.
    pub numbers: &'a [(usize, usize)],
}

/// Spoils `bytes` in one to four ways.
pub fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng, material: Material<'_>) {
    for _ in 0..=rng.usize(0..4) * rng.usize(0..2) {
        once(bytes, rng, material);
    }
}

fn once(bytes: &mut Vec<u8>, rng: &mut Rng, material: Material<'_>) {
    match rng.u8(0..12) {
        0 | 1 => flip(bytes, rng),
        2 => {
            let (at, value) = (position(bytes, rng), rng.u8(..));
            overwrite(bytes, at, &[value]);
        }
        3 => number(bytes, rng),
        4 => bytes.truncate(position(bytes, rng)),
        5 => {
            let more = 1 + rng.usize(0..20);
            bytes.extend((0..more).map(|_| rng.u8(..)));
        }
        6 => drop(bytes.drain(span(bytes, rng))),
        7 => repeat(bytes, rng),
        8 => splice(bytes, rng, material.others),
        9 => word(bytes, rng, material.words),
        10 => known_number(bytes, rng, material.numbers),
        _ => text_number(bytes, rng),
    }
}

fn flip(bytes: &mut [u8], rng: &mut Rng) {
    let bit = 1 << rng.u8(0..8);
    if let Some(byte) = rng.choice(bytes) {
        *byte ^= bit;
    }
}

/// An extreme value, in 1 to 8 bytes and either order, anywhere.
fn number(bytes: &mut [u8], rng: &mut Rng) {
    let at = position(bytes, rng);
    let width = 1 << rng.u8(0..4);
    overwrite(bytes, at, &extreme(rng, width));
}

/// An extreme value where a number stands.
fn known_number(bytes: &mut [u8], rng: &mut Rng, numbers: &[(usize, usize)]) {
    if let Some(&(at, width)) = rng.choice(numbers) {
        let value = extreme(rng, width);
        overwrite(bytes, at, &value);
    }
}

fn extreme(rng: &mut Rng, width: usize) -> Vec<u8> {
    let near = rng.u64(0..3).wrapping_sub(1);
    let value = EXTREMES[rng.usize(..EXTREMES.len())].wrapping_add(near);
    let mut value: Vec<u8> = value.to_le_bytes()[..width.min(8)].to_vec();
    if rng.bool() {
        value.reverse();
    }
    value
}

/// Doubles a part, or repeats a short one many times.
fn repeat(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let span = span(bytes, rng);
    let times = if span.len() <= 16 {
        rng.usize(1..200)
    } else {
        1
    };
    let part = bytes[span.clone()].repeat(times);
    bytes.splice(span.start..span.start, part);
}

/// The beginning of this file and the end of another.
fn splice(bytes: &mut Vec<u8>, rng: &mut Rng, others: &[Vec<u8>]) {
    if let Some(other) = rng.choice(others) {
        bytes.truncate(position(bytes, rng));
        bytes.extend_from_slice(&other[position(other, rng)..]);
    }
}

fn word(bytes: &mut Vec<u8>, rng: &mut Rng, words: &[&[u8]]) {
    if let Some(word) = rng.choice(words) {
        let at = position(bytes, rng);
        let end = if rng.bool() {
            at
        } else {
            (at + word.len()).min(bytes.len())
        };
        bytes.splice(at..end, word.iter().copied());
    }
}

/// Replaces digits by an extreme number.
fn text_number(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let start = position(bytes, rng);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(from) = bytes[start..].iter().position(is_digit) else {
        return;
    };
    let from = start + from;
    let length = bytes[from..]
        .iter()
        .take_while(|byte| is_digit(byte))
        .count();
    let value = TEXT_EXTREMES[rng.usize(..TEXT_EXTREMES.len())];
    bytes.splice(from..from + length, value.bytes());
}

/// A position in `bytes`, or its end.
fn position(bytes: &[u8], rng: &mut Rng) -> usize {
    rng.usize(0..=bytes.len())
}

/// A part of `bytes`, mostly a short one.
fn span(bytes: &[u8], rng: &mut Rng) -> Range<usize> {
    let start = position(bytes, rng);
    let longest = bytes.len() - start;
    let longest = if rng.bool() { longest.min(16) } else { longest };
    start..start + rng.usize(0..=longest)
}

fn overwrite(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (byte, value) in bytes.iter_mut().skip(at).zip(value) {
        *byte = *value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_file_and_seeds_give_many() {
        let original = b"width 28 height 28 ................".to_vec();
        let others = [b"another file".to_vec()];
        let material = Material {
            others: &others,
            words: &[b"word"],
            numbers: &[(6, 2)],
        };
        let mutated = |seed| {
            let mut bytes = original.clone();
            mutate(&mut bytes, &mut Rng::with_seed(seed), material);
            bytes
        };
        let all: Vec<_> = (0..1000).map(mutated).collect();
        assert_eq!(all, (0..1000).map(mutated).collect::<Vec<_>>());
        let mut distinct = all;
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 700, "{}", distinct.len());
    }

    #[test]
    fn nothing_is_too_short_to_be_mutated() {
        for seed in 0..10_000 {
            let mut rng = Rng::with_seed(seed);
            let mut bytes = vec![1; rng.usize(0..3)];
            mutate(&mut bytes, &mut rng, Material::default());
        }
    }
}
