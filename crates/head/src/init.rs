//! The head's first weights, drawn from our own generator: the same on every device and machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// `inputs * outputs` values from the uniform distribution over ±sqrt(6 / (inputs + outputs)).
///
/// Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
/// neural networks" (2010), equation 16; the default of Keras' `Dense`.
/// A value is the top 24 bits of one `ChaCha8` word, scaled: every float it yields is exact.
#[must_use]
pub fn glorot_uniform(inputs: usize, outputs: usize, seed: u64) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "layer sizes are far below 2^24")]
    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || {
        #[expect(clippy::cast_precision_loss, reason = "24 bits are exact in an f32")]
        let unit = (random.next_u32() >> 8) as f32 / 16_777_216.0; // in [0, 1)
        limit * (2.0 * unit - 1.0)
    };
    (0..inputs * outputs).map(|_| draw()).collect()
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
    fn the_seed_decides() {
        assert_eq!(glorot_uniform(8, 4, 7), glorot_uniform(8, 4, 7));
        assert_ne!(glorot_uniform(8, 4, 7), glorot_uniform(8, 4, 8));
    }
}
