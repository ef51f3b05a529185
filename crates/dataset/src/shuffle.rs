//! The order in which an epoch sees the images: a shuffle that depends on seed and epoch alone,
//! and that any program can repeat; and draws with replacement from the same generator.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Shuffles `indices` with Fisher and Yates' method, the same on every platform.
///
/// To repeat it elsewhere: run `ChaCha8` with the 32-byte key that is `seed` in little-endian order
/// and 24 zero bytes, a 64-bit nonce of `epoch` and a 64-bit block counter from 0, and take its
/// output as little-endian 64-bit words. For `i` from `len - 1` down to 1, with `n = i + 1`: take
/// words until one is at least `2^64 mod n`, and swap the items at `i` and at that word modulo `n`.
pub fn shuffle(indices: &mut [usize], seed: u64, epoch: u64) {
    let mut random = generator([seed, 0], epoch);
    for i in (1..indices.len()).rev() {
        indices.swap(i, draw_below(i + 1, &mut random));
    }
}

/// How often each of `count` items is drawn when `count` are drawn with replacement: a bootstrap
/// resample. It draws as [`shuffle`] does, from the stream `stream`.
#[must_use]
pub fn resample(count: usize, seed: u64, stream: u64) -> Vec<u32> {
    let mut random = generator([seed, 0], stream);
    let mut times = vec![0; count];
    for _ in 0..count {
        times[draw_below(count, &mut random)] += 1;
    }
    times
}

/// The generator whose key is two numbers in little-endian order and 16 zero bytes. Shuffles and resamples
/// have 0 as the second, views of images have their number.
pub(crate) fn generator([seed, view]: [u64; 2], stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&view.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(stream);
    random
}

/// A number from `-range` to below `range`, each as likely as the others.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
pub(crate) fn draw_around(range: f64, random: &mut impl Rng) -> f64 {
    let share = (random.next_u64() >> 11) as f64 / (1_u64 << 52) as f64;
    (share - 1.0) * range
}

/// A number below `bound`, each as likely as the others; `bound` is not 0.
fn draw_below(bound: usize, random: &mut impl Rng) -> usize {
    let bound = bound as u64;
    // The words from 2^64 mod bound on are a whole multiple of bound.
    let rejected = bound.wrapping_neg() % bound;
    loop {
        let word = random.next_u64();
        if word >= rejected {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the remainder is below a bound that was a usize"
            )]
            return (word % bound) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shuffled(length: usize, seed: u64, epoch: u64) -> Vec<usize> {
        let mut indices = (0..length).collect::<Vec<_>>();
        shuffle(&mut indices, seed, epoch);
        indices
    }

    #[test]
    fn a_program_of_its_own_gives_the_same() {
        // From an independent ChaCha8 in Python, written from the description above.
        for (seed, epoch, expected) in [
            (0, 0, [9, 7, 3, 4, 10, 5, 8, 0, 1, 11, 2, 6]),
            (42, 3, [6, 5, 1, 11, 3, 4, 9, 10, 8, 7, 0, 2]),
            (u64::MAX, u64::MAX, [8, 9, 1, 4, 3, 11, 5, 7, 0, 2, 10, 6]),
        ] {
            assert_eq!(shuffled(12, seed, epoch), expected, "{seed}, {epoch}");
        }
    }

    #[test]
    fn every_position_is_as_likely() {
        // 6 orders of 3 items, 6,000 seeds: 1,000 each, with a standard deviation of 29.
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            *counts.entry(shuffled(3, seed, 0)).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        for (order, count) in counts {
            assert!((870..=1130).contains(&count), "{order:?}: {count}");
        }
    }

    #[test]
    fn a_resample_draws_as_many_and_leaves_some_out() {
        let times = resample(10_000, 7, 3);
        assert_eq!(times.iter().sum::<u32>(), 10_000);
        // (1 - 1/n)^n of them are never drawn: 3,679 with a standard deviation of 31.
        let never = times.iter().filter(|times| **times == 0).count();
        assert!((3550..=3800).contains(&never), "{never}");
        assert_eq!(times, resample(10_000, 7, 3));
        assert_ne!(times, resample(10_000, 7, 4));
        assert!(resample(0, 7, 3).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_twice(length in 0_usize..300, seed: u64, epoch: u64) {
            let mut indices = shuffled(length, seed, epoch);
            prop_assert_eq!(&indices, &shuffled(length, seed, epoch));
            if length > 30 {
                prop_assert_ne!(&indices, &shuffled(length, seed, epoch ^ 1));
                prop_assert_ne!(&indices, &shuffled(length, seed ^ 1, epoch));
            }
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..length).collect::<Vec<_>>());
        }
    }
}
