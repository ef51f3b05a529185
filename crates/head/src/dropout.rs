//! Dropout: what hinders a head from relying on single values while it learns.

use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::init::generator;

/// Steps draw from streams behind those of shuffles, which are the numbers of epochs.
const FIRST_STREAM: u64 = 1 << 32;

/// Sets a share of values to 0 and multiplies the others by 1 / (1 - share), so that their mean stays.
///
/// Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014), in the
/// form of section 10, which scales in training.
pub struct Dropout {
    /// Which values, and the share as a number of 2^32; none where all stay.
    random: Option<(ChaCha8Rng, u32)>,
}

impl Dropout {
    /// All values stay.
    pub(crate) fn none() -> Self {
        Self { random: None }
    }

    /// For step `number` of a training, from 1. The same seed and number set the same values to 0 on every device.
    #[must_use]
    pub fn of_step(share: f32, seed: u64, number: usize) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to below 1 of 2^32"
        )]
        let share = (f64::from(share) * 4_294_967_296.0) as u32;
        let random = || (generator(seed, FIRST_STREAM + number as u64), share);
        Self {
            random: (share > 0).then(random),
        }
    }

    /// # Shapes
    /// `[batch, values]`, as the result.
    pub(crate) fn fall_on(&mut self, values: Tensor<2>) -> Tensor<2> {
        let Some((random, share)) = &mut self.random else {
            return values;
        };
        let kept = 4_294_967_296.0 / (4_294_967_296.0 - f64::from(*share));
        #[expect(clippy::cast_possible_truncation, reason = "Burn takes f32")]
        let mut factor = || {
            if random.next_u32() < *share {
                0.0
            } else {
                kept as f32
            }
        };
        let dims = values.dims();
        let factors = (0..dims[0] * dims[1]).map(|_| factor()).collect();
        let factors = TensorData::new::<f32, _>(factors, dims);
        values.clone() * Tensor::from_data(factors, &values.device())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_share_is_zero_and_the_mean_stays() {
        let ones = || Tensor::<2>::ones([100, 200], &Device::flex());
        let fallen = |share, seed, number| -> Vec<f32> {
            let fallen = Dropout::of_step(share, seed, number).fall_on(ones());
            fallen.into_data().iter::<f32>().collect()
        };
        let found = fallen(0.25, 1, 1);
        assert!(
            found
                .iter()
                .all(|one| *one == 0.0 || (one * 0.75 - 1.0).abs() < 1e-6)
        );
        let zeros = found.iter().filter(|one| **one == 0.0).count();
        // 5,000 of 20,000, with a deviation of 61.
        assert!(zeros.abs_diff(5000) < 300, "{zeros}");
        assert_eq!(found, fallen(0.25, 1, 1));
        assert_ne!(found, fallen(0.25, 1, 2));
        assert_ne!(found, fallen(0.25, 2, 1));
        assert_eq!(fallen(0.0, 1, 1), vec![1.0; 20_000]);
    }
}
