//! A device is used only after its results match the CPU's: those of the blocks of the backbone, and
//! of what the head needs. Drivers and generated kernels have been wrong before.

mod blocks;
mod head;

use std::path::Path;

use graft_backbone::Backbone;
use graft_onnx_import::weights;
use graft_recipe::{self as recipe, Precision};

use crate::backend::Backend;
use crate::device::DeviceProfile;
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
/// weights are in `folder`: once for a device, driver, version of graft, set of weights and precision;
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
    let recipe::Backbone {
        network, precision, ..
    } = recipe;
    let weights = weights::read_manifest(folder)?.source.sha256;
    let mut profile = DeviceProfile::new(context, &weights, precision);
    if let Some(verified) = profile.read(profiles) {
        return Ok(Some(verified));
    }
    tracing::info!("verifying the results of {}, once", context.adapter);
    let backbone = load_on_device(context, folder, (network, network.end()), precision)?;
    let compared = check(&backbone, folder, context, precision)?;
    let differences = compared.into_iter();
    profile.differences = differences
        .map(|found| (found.operation, found.difference))
        .collect();
    profile.write(profiles)?;
    Ok(Some(profile))
}

/// Compares what the device makes of a few images, and of a few steps of training a head, with
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
    let mut compared =
        backend.guarded(|| blocks::check(backbone, folder, context, precision))??;
    compared.extend(backend.guarded(|| head::check(&context.device))??);
    match compared.iter().find(|found| !found.passes()) {
        None => Ok(compared),
        Some(wrong) => Err(Error::Verification {
            adapter: context.adapter.to_string(),
            operation: wrong.operation.clone(),
            difference: wrong.difference,
            allowed: wrong.allowed,
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
