//! Burn's Adam (`AdamW` where weights decay) over all parameters of a module that learn, and what it remembers as a record of Burn's.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer};
use burn::tensor::Bytes;
use burn_pack::Reader;
use graft_compute::Backend;
use graft_recipe::Recipe;

use super::finite::check_values;
use crate::Error;

/// Before the first step.
pub(super) fn adam(recipe: &Recipe) -> ModuleOptimizer {
    let (adam, clip) = (recipe.training.adam, recipe.training.clip_norm);
    let clip = (clip > 0.0).then_some(GradientClippingConfig::Norm(clip));
    let decay = recipe.training.weight_decay;
    if decay > 0.0 {
        return AdamWConfig::new()
            .with_beta_1(adam.beta_1)
            .with_beta_2(adam.beta_2)
            .with_epsilon(adam.epsilon)
            .with_weight_decay(decay)
            .with_grad_clipping(clip)
            .init();
    }
    AdamConfig::new()
        .with_beta_1(adam.beta_1)
        .with_beta_2(adam.beta_2)
        .with_epsilon(adam.epsilon)
        .with_grad_clipping(clip)
        .init()
}

/// What `optimiser` remembers after a step of the epoch.
///
/// # Errors
/// When a value is not finite, or the device does not give its tensors back.
pub(super) fn to_bytes(
    epoch: usize,
    optimiser: &ModuleOptimizer,
    backend: Backend,
) -> Result<Vec<u8>, Error> {
    let record = backend.guarded(|| optimiser.into_bytes())?;
    let record = record.map_err(Error::device)?.to_vec();
    let tensors = Reader::from_bytes(Bytes::from_bytes_vec(record.clone()));
    let tensors = tensors.and_then(Reader::into_tensors);
    for tensor in tensors.map_err(Error::device)? {
        let bytes = tensor.into_bytes().map_err(Error::device)?;
        check_values(epoch, "a mean of gradients", &values(&bytes))?;
    }
    Ok(record)
}

/// The values that little-endian bytes stand for.
pub(super) fn values(bytes: &[u8]) -> Vec<f32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{Module, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::{Device, Tensor};

    #[derive(Module, Debug)]
    struct Layer {
        weights: Param<Tensor<1>>,
    }

    /// Two steps of Adam down gradients of norm 5 and 0.5, by hand: Adam's first step is as long as the
    /// learning rate whatever the gradient, so that only the second one tells whether the first was clipped.
    #[test]
    fn a_gradient_longer_than_the_norm_is_scaled_to_it() {
        let (beta_1, beta_2, rate) = (0.9_f64, 0.999_f64, 0.1);
        for (clip, first) in [(0.0_f32, [3.0, 4.0]), (1.0, [0.6, 0.8])] {
            let mut recipe = Recipe::default();
            recipe.training.clip_norm = clip;
            let device = Device::flex().autodiff();
            let start = Tensor::from_data([0.0, 0.0], &device);
            let (mut module, mut optimiser) = (
                Layer {
                    weights: Param::from_tensor(start),
                },
                adam(&recipe),
            );
            let (mut mean, mut square, mut expected) = ([0.0; 2], [0.0; 2], [0.0; 2]);
            let second = [0.3, 0.4];
            for (step, (given, used)) in [([3.0, 4.0], first), (second, second)]
                .into_iter()
                .enumerate()
            {
                let slope = Tensor::<1>::from_data(given, &device);
                let loss = (module.weights.val() * slope).sum();
                let gradients = GradientsParams::from_grads(loss.backward(), &module);
                module = optimiser.step(rate, module, gradients);
                let step = i32::try_from(step).unwrap() + 1;
                for place in 0..2 {
                    let gradient: f64 = used[place];
                    mean[place] = beta_1 * mean[place] + (1.0 - beta_1) * gradient;
                    square[place] = beta_2 * square[place] + (1.0 - beta_2) * gradient * gradient;
                    let corrected = mean[place] / (1.0 - beta_1.powi(step));
                    let root = (square[place] / (1.0 - beta_2.powi(step))).sqrt();
                    expected[place] -= rate * corrected / (root + 1e-7);
                }
            }
            let found: Vec<f32> = module.weights.val().into_data().try_into_vec_as().unwrap();
            for (found, expected) in found.iter().zip(expected) {
                let off = (f64::from(*found) - expected).abs();
                assert!(off < 1e-5, "{clip}: {found} instead of {expected}");
            }
        }
    }
}
