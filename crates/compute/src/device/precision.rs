//! The floating-point types that a device computes in.

use burn::tensor::{Device, FloatDType};
use graft_recipe::Precision;

use super::{Adapter, DeviceError};

/// What Burn calls a precision.
#[must_use]
pub fn float_dtype(precision: Precision) -> FloatDType {
    match precision {
        Precision::F32 => FloatDType::F32,
        Precision::F16 => FloatDType::F16,
        Precision::Bf16 => FloatDType::BF16,
    }
}

/// Those that a device says it computes in.
#[must_use]
pub fn precisions(device: &Device) -> Vec<Precision> {
    let computes = |precision: &Precision| device.supports_dtype(float_dtype(*precision));
    Precision::ALL.into_iter().filter(computes).collect()
}

/// Asks the device whether it computes in `precision`.
pub(crate) fn check_precision(
    precision: Precision,
    device: &Device,
    adapter: &Adapter,
) -> Result<(), DeviceError> {
    if device.supports_dtype(float_dtype(precision)) {
        return Ok(());
    }
    Err(DeviceError::Precision {
        adapter: adapter.to_string(),
        precision,
    })
}
