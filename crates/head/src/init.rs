//! The head's first weights, drawn from our own generator: the same on every device and machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The stream of the generator that first weights are drawn from; shuffles of the same seed use
/// the streams of their epochs, which count from 1.
pub const STREAM: u64 = 0;

/// The stream of the first weights of hidden layer `number`, counted from 0: far from those of shuffles.
pub(crate) fn hidden_stream(number: usize) -> u64 {
    u64::MAX - number as u64
}

/// A generator of the streams above.
pub(crate) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(stream);
    random
}

/// `inputs * outputs` values from the uniform distribution over ±sqrt(6 / (inputs + outputs)).
///
/// Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
/// neural networks" (2010), equation 16; the default of Keras' `Dense`.
/// To repeat it elsewhere: run `ChaCha8` with the 32-byte key that is `seed` in little-endian order
/// and 24 zero bytes, a nonce of [`STREAM`] and a block counter from 0. A value is the top 24 bits
/// of one 32-bit word w: `limit * (2 * w / 2^24 - 1)`.
#[must_use]
pub fn glorot_uniform(inputs: usize, outputs: usize, seed: u64) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "layer sizes are far below 2^24")]
    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
    uniform(limit, inputs * outputs, seed, STREAM)
}

/// `count` values from the uniform distribution over ±sqrt(6 / inputs), drawn as
/// [`glorot_uniform`] draws, from the stream `stream`: the first weights of a layer whose output is
/// rectified and each of which sums over `inputs` values.
///
/// Source: K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers" (2015), equation 10,
/// with a uniform distribution of that variance.
#[must_use]
pub fn he_uniform(inputs: usize, count: usize, seed: u64, stream: u64) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "layer sizes are far below 2^24")]
    let limit = (6.0 / inputs as f32).sqrt();
    uniform(limit, count, seed, stream)
}

fn uniform(limit: f32, count: usize, seed: u64, stream: u64) -> Vec<f32> {
    let mut random = generator(seed, stream);
    let mut draw = || {
        #[expect(clippy::cast_precision_loss, reason = "24 bits are exact in an f32")]
        let unit = (random.next_u32() >> 8) as f32 / 16_777_216.0; // in [0, 1)
        limit * (2.0 * unit - 1.0)
    };
    (0..count).map(|_| draw()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_limits_mean_and_variance_of_its_distribution() {
        let values = glorot_uniform(512, 10, 1);
        let limit = (6.0_f32 / 522.0).sqrt();
        assert!(values.iter().all(|value| value.abs() <= limit));
        let n = f32::from(u16::try_from(values.len()).unwrap());
        let mean = values.iter().sum::<f32>() / n;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / n;
        assert!(mean.abs() < 0.03 * limit, "mean {mean}");
        assert!(
            (variance / (limit * limit / 3.0) - 1.0).abs() < 0.05,
            "variance {variance}"
        );
    }

    #[test]
    fn the_values_are_those_of_chacha8() {
        // Computed by an independent ChaCha8 in Python.
        let values = glorot_uniform(5, 1, 42);
        let expected = [
            -0.800_303_46,
            -0.303_491_12,
            -0.823_304_3,
            -0.428_602_93,
            -0.211_042_4,
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn he_s_limit_and_streams() {
        let values = he_uniform(27, 1000, 5, 1);
        let limit = (6.0_f32 / 27.0).sqrt();
        let largest = values
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest <= limit && largest > 0.98 * limit, "{largest}");
        assert_ne!(values, he_uniform(27, 1000, 5, 2));
        // The same draws as Glorot's, with another limit.
        let glorot = glorot_uniform(1, 1000, 5);
        let first = he_uniform(27, 1, 5, STREAM)[0] / limit;
        assert!((first - glorot[0] / (6.0_f32 / 1001.0).sqrt()).abs() < 1e-6);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(glorot_uniform(8, 4, 7), glorot_uniform(8, 4, 7));
        assert_ne!(glorot_uniform(8, 4, 7), glorot_uniform(8, 4, 8));
    }
}
