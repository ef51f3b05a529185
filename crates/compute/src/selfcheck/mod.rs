//! A device is used only after its results match the CPU's: those of the blocks of the backbone, and
//! of what the head needs. Drivers and generated kernels have been wrong before.

mod blocks;
mod head;

use std::path::Path;

use graft_backbone::Backbone;
#[cfg(feature = "cuda")]
use graft_cuda::CudaStages;
use graft_onnx_import::weights;
use graft_recipe::{self as recipe, Precision};

use crate::backend::Backend;
use crate::device::{self, DeviceProfile};
use crate::engine::Engine;
use crate::frozen::load_on_device;
use crate::{ComputeContext, Error};

/// An operation, and how far a device is off.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was computed.
    pub operation: String,
    /// The difference from the CPU's values, as a fraction of them.
    pub difference: f64,
    /// What is allowed.
    pub allowed: f64,
}

/// Makes sure that a device has passed verification with the whole of the recipe's network, whose
/// weights are in `folder`: once for a device, driver, version of graft, engine, set of weights and precision;
/// the result lies in the folder `profiles`.
/// The CPU is what others are compared with: it needs none, and has no profile.
///
/// # Errors
/// When the device fails, or its results differ from the CPU's.
pub fn verify(
    context: &ComputeContext,
    folder: &Path,
    recipe: recipe::Backbone,
    profiles: &Path,
) -> Result<Option<DeviceProfile>, Error> {
    if context.backend == Backend::Cpu {
        return Ok(None);
    }
    let verified = verify_engine(context, context.engine, folder, recipe, profiles)?;
    if context.engine != Engine::Burn && recipe.cut() != recipe.boundary {
        // Blocks that are trained are Burn's, in f32.
        device::check_libraries(context.backend)?;
        let trained = recipe::Backbone {
            precision: Precision::F32,
            ..recipe
        };
        verify_engine(context, Engine::Burn, folder, trained, profiles)?;
    }
    Ok(Some(verified))
}

fn verify_engine(
    context: &ComputeContext,
    engine: Engine,
    folder: &Path,
    recipe: recipe::Backbone,
    profiles: &Path,
) -> Result<DeviceProfile, Error> {
    let recipe::Backbone {
        network, precision, ..
    } = recipe;
    let weights = weights::read_manifest(folder)?.source.sha256;
    let mut profile = DeviceProfile::new(context, engine, &weights, precision);
    if let Some(verified) = profile.read(profiles) {
        return Ok(verified);
    }
    tracing::info!("verifying the results of {}, once", context.adapter);
    let compared = match engine {
        #[cfg(feature = "cuda")]
        Engine::TensorCores => {
            let whole = (network, network.end());
            let load = || CudaStages::load(folder, network, whole.1, precision, context.number);
            let stages = context.backend.guarded(load)??;
            let found = |pixels: &[f32]| Ok(stages.outputs(pixels, blocks::SHAPE)?);
            let compared = blocks::check(found, folder, whole, precision)?;
            passed(context, "--engine burn", compared)?
        }
        _ => {
            let backbone = load_on_device(context, folder, (network, network.end()), precision)?;
            check(&backbone, folder, context, precision)?
        }
    };
    let differences = compared.into_iter();
    profile.differences = differences
        .map(|found| (found.operation, found.difference))
        .collect();
    profile.write(profiles)?;
    Ok(profile)
}

/// Compares what Burn makes on the device of a few images, and of a few steps of training a head, with
/// what the CPU makes of them.
///
/// # Errors
/// When the device fails, or an operation differs by more than is allowed.
pub fn check(
    backbone: &Backbone,
    folder: &Path,
    context: &ComputeContext,
    precision: Precision,
) -> Result<Vec<Comparison>, Error> {
    let backend = context.backend;
    let whole = (backbone.network(), backbone.boundary());
    let found = |pixels: &[f32]| blocks::on_device(backbone, context, precision, pixels);
    let mut compared = backend.guarded(|| blocks::check(found, folder, whole, precision))??;
    compared.extend(backend.guarded(|| head::check(&context.device))??);
    passed(context, "--backend cpu", compared)
}

/// The comparisons, where all are within what is allowed.
fn passed(
    context: &ComputeContext,
    instead: &'static str,
    compared: Vec<Comparison>,
) -> Result<Vec<Comparison>, Error> {
    match compared.iter().find(|found| !found.passes()) {
        None => Ok(compared),
        Some(wrong) => Err(Error::Verification {
            adapter: context.adapter.to_string(),
            operation: wrong.operation.clone(),
            difference: wrong.difference,
            allowed: wrong.allowed,
            instead,
        }),
    }
}

impl Comparison {
    fn new(operation: impl Into<String>, difference: f64, allowed: f64) -> Self {
        Self {
            operation: operation.into(),
            difference,
            allowed,
        }
    }

    fn passes(&self) -> bool {
        self.difference <= self.allowed
    }
}

/// The largest difference, as a fraction of the largest expected value.
fn largest(found: &[f32], expected: &[f64]) -> f64 {
    relative(found, expected, |values| {
        let sizes = values.iter().map(|value| value.abs());
        sizes.max_by(f64::total_cmp).unwrap_or_default()
    })
}

/// The root of the mean square of the differences, as a fraction of that of the expected values.
fn overall(found: &[f32], expected: &[f64]) -> f64 {
    relative(found, expected, |values| {
        let squares = values.iter().map(|value| value * value);
        squares.sum::<f64>().sqrt()
    })
}

/// The norm of the differences over that of what is expected; infinite where something is no number.
fn relative(found: &[f32], expected: &[f64], norm: impl Fn(&[f64]) -> f64) -> f64 {
    let pairs = found.iter().zip(expected);
    let differences: Vec<_> = pairs.map(|(a, b)| f64::from(*a) - b).collect();
    let fraction = norm(&differences) / norm(expected);
    if fraction.is_finite() && found.len() == expected.len() {
        fraction
    } else {
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests;
