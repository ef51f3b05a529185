//! Burn's Adam over all parameters of a module that learn, and what it remembers as a record of Burn's.

use burn::optim::{AdamConfig, ModuleOptimizer};
use burn::tensor::Bytes;
use burn_pack::Reader;
use graft_compute::Backend;
use graft_recipe::Recipe;

use super::finite::check_values;
use crate::Error;

/// Before the first step.
pub(super) fn adam(recipe: &Recipe) -> ModuleOptimizer {
    let adam = recipe.training.adam;
    AdamConfig::new()
        .with_beta_1(adam.beta_1)
        .with_beta_2(adam.beta_2)
        .with_epsilon(adam.epsilon)
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
