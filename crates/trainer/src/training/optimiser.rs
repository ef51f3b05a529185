//! Burn's Adam over all parameters of a module that learn, and what it remembers as a burnpack record.

use burn::optim::{AdamConfig, ModuleOptimizer, OptimizerRecord};
use burn_pack::Scalar;

use super::finite::check_values;
use super::record::{Parameters, Tensors};
use crate::Error;
use graft_compute::device::guarded;
use graft_recipe::Recipe;

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
pub(super) fn to_bytes(epoch: usize, optimiser: &ModuleOptimizer) -> Result<Vec<u8>, Error> {
    let record = guarded(|| optimiser.into_bytes()).map_err(Error::device)?;
    let bytes = record.map_err(Error::device)?.to_vec();
    let tensors = Tensors::read(&bytes).map_err(Error::device)?;
    for (_, values) in tensors.of.values() {
        check_values(epoch, "a mean of gradients", values)?;
    }
    Ok(bytes)
}

/// Adam as it was after `steps` steps of a module with these parameters.
///
/// # Errors
/// What is no record of it, or one of another module: what was expected, and what was found.
pub(super) fn from_bytes(
    bytes: Vec<u8>,
    recipe: &Recipe,
    parameters: &Parameters,
    steps: usize,
) -> Result<ModuleOptimizer, String> {
    let found = Tensors::read(&bytes)?;
    let mut expected = Tensors::default();
    for (id, shape) in parameters.0.iter().filter(|_| steps > 0) {
        for moment in ["moment_1", "moment_2"] {
            let name = format!("{id}.momentum.{moment}");
            expected.of.insert(name, (shape.clone(), Vec::new()));
        }
        let scalars = [("__rank", shape.len()), ("momentum.time", steps)];
        let scalars = scalars.map(|(name, value)| (format!("{id}.{name}"), Scalar::from(value)));
        expected.scalars.extend(scalars);
    }
    expected.same_layout(&found)?;
    let record = OptimizerRecord::from_bytes(burn::tensor::Bytes::from_bytes_vec(bytes));
    let record = record.map_err(|error| error.to_string())?;
    Ok(adam(recipe).load_record(record))
}
