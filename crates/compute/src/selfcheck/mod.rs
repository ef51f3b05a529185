//! A device is believed once it computes what the processor does: the blocks of the backbone, and
//! what the head needs. Drivers and generated kernels have been wrong before.

mod blocks;
mod head;

use std::collections::BTreeMap;
use std::path::Path;

use graft_backbone::Backbone;
use graft_onnx_import::weights;

use crate::Error;
use crate::backend::Backend;
use crate::compute::Compute;
use graft_recipe::Precision;

use crate::device::{DeviceError, Known, Passed, guarded};
use crate::prefix::Prefix;

/// An operation, and how far a device is off.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was computed.
    pub operation: String,
    /// The largest difference from the processor's values, in shares of the largest of them.
    pub difference: f64,
    /// The largest that is allowed.
    pub allowed: f64,
}

/// Makes sure that the device has passed the check for this prefix: once for a device, driver,
/// version of graft, set of weights and precision; the result lies in the folder `known`. The
/// processor is what others are held against, and is not checked.
///
/// # Errors
/// When the device fails, or computes something else than the processor.
pub fn believe(
    prefix: &Prefix,
    folder: &Path,
    compute: &Compute,
    known: &Path,
) -> Result<(), Error> {
    let (Prefix::Burn(burn), false) = (prefix, compute.backend == Backend::Cpu) else {
        return Ok(());
    };
    let weights = weights::read_manifest(folder)?.source.sha256;
    let mut device = Known::read(known, compute.backend, &compute.adapter);
    let (boundary, precision) = (prefix.boundary(), burn.precision());
    let covers = |passed: &Passed| {
        passed.weights == weights && passed.boundary >= boundary && passed.precision == precision
    };
    if device.passed.iter().any(covers) {
        return Ok(());
    }
    tracing::info!("checking what {} computes, once", compute.adapter);
    let checked = check(burn.backbone(), folder, compute, precision)?;
    let differences = checked
        .into_iter()
        .map(|check| (check.operation, check.difference));
    device.passed.push(Passed {
        weights,
        boundary,
        precision,
        differences: differences.collect(),
    });
    device.write(known)
}

/// Compares what the device makes of a few images, and of a few steps of training a head, with
/// what the processor makes of them.
///
/// # Errors
/// When the device fails, or an operation differs by more than is allowed.
pub fn check(
    backbone: &Backbone,
    folder: &Path,
    compute: &Compute,
    precision: Precision,
) -> Result<Vec<Checked>, Error> {
    let mut checked = guarded(|| blocks::check(backbone, folder, compute, precision))
        .map_err(Error::device)??;
    checked.extend(guarded(|| head::check(&compute.device)).map_err(Error::device)??);
    match checked.iter().find(|check| !check.passes()) {
        None => Ok(checked),
        Some(wrong) => Err(DeviceError::Wrong {
            adapter: compute.adapter.to_string(),
            operation: wrong.operation.clone(),
            difference: wrong.difference,
            allowed: wrong.allowed,
        }
        .into()),
    }
}

impl Checked {
    /// Compares values with those that they should be.
    fn new(operation: impl Into<String>, found: &[f32], expected: &[f64], allowed: f64) -> Self {
        let largest = expected
            .iter()
            .fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
        let difference = |(found, expected): (&f32, &f64)| (f64::from(*found) - expected).abs();
        let pairs = found.iter().zip(expected).map(difference);
        // What is no number is infinitely far off.
        let difference = pairs.fold(0.0_f64, |most, x| {
            if x.is_finite() {
                most.max(x)
            } else {
                f64::INFINITY
            }
        });
        Self {
            operation: operation.into(),
            difference: if found.len() == expected.len() {
                difference / largest
            } else {
                f64::INFINITY
            },
            allowed,
        }
    }

    /// Compares values with those that they should be by the root of their mean square.
    fn overall(
        operation: impl Into<String>,
        found: &[f32],
        expected: &[f64],
        allowed: f64,
    ) -> Self {
        let pairs = found.iter().zip(expected);
        let errors = pairs.map(|(found, expected)| (f64::from(*found) - expected).powi(2));
        let squares = expected.iter().map(|value| value * value);
        let difference = (errors.sum::<f64>() / squares.sum::<f64>()).sqrt();
        let comparable = difference.is_finite() && found.len() == expected.len();
        Self {
            operation: operation.into(),
            difference: if comparable {
                difference
            } else {
                f64::INFINITY
            },
            allowed,
        }
    }

    fn passes(&self) -> bool {
        self.difference <= self.allowed
    }
}

/// The largest differences that a device's checks have found, for `doctor`.
pub fn worst(differences: &BTreeMap<String, f64>) -> Option<(&str, f64)> {
    let named = differences
        .iter()
        .map(|(name, value)| (name.as_str(), *value));
    named.max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests;
