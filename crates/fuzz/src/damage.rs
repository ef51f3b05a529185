//! Flipped bits and truncations of a file, each of which a hash must reveal.

use fastrand::Rng;

/// How many bits are flipped, one at a time; all of a file's where it has fewer.
const FLIPS: usize = 1000;
/// How many lengths a file is cut to; all where it has fewer.
const CUTS: usize = 256;

/// One way to damage a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// This bit, counted from the first byte's lowest, is flipped.
    Flip(usize),
    /// Only so many bytes are left.
    Cut(usize),
}

impl Damage {
    /// 1,000 flipped bits and 256 truncations of a file of `length` bytes, spread over it by chance
    /// and always the same; every single one of a short file.
    #[must_use]
    pub fn sample(length: usize) -> Vec<Self> {
        let mut rng = Rng::with_seed(length as u64);
        let flips = chosen(&mut rng, 8 * length, FLIPS)
            .into_iter()
            .map(Self::Flip);
        let cuts = chosen(&mut rng, length, CUTS).into_iter().map(Self::Cut);
        flips.chain(cuts).collect()
    }

    /// The damaged file.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Flip(bit) => {
                let mut bytes = bytes.to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            }
            Self::Cut(length) => bytes[..length].to_vec(),
        }
    }
}

/// `wanted` distinct numbers below `end`, the first and the last among them.
fn chosen(rng: &mut Rng, end: usize, wanted: usize) -> Vec<usize> {
    if end <= wanted {
        return (0..end).collect();
    }
    let mut chosen = std::collections::BTreeSet::from([0, end - 1]);
    while chosen.len() < wanted {
        chosen.insert(rng.usize(..end));
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_damages_and_is_as_large_as_said() {
        for (length, expected) in [(0, 0), (10, 90), (5000, 1256)] {
            let bytes = vec![7; length];
            let sample = Damage::sample(length);
            assert_eq!(sample.len(), expected);
            assert!(sample.iter().all(|damage| damage.of(&bytes) != bytes));
        }
    }
}
