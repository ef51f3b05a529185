//! In which floating-point type the frozen backbone is computed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The type of the frozen backbone's weights and maps. The head always computes in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16: 11 significant bits, up to 65,504.
    F16,
    /// The upper half of binary32: 8 significant bits, the same range.
    Bf16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// The largest difference that it may bring to features, in shares of the largest of them.
    /// Factors are rounded to a relative 2^-12 in f16 and 2^-9 in bf16, and thirteen layers add up
    /// such errors. In f32 they would stay below 1e-5, but NVIDIA's tensor cores round the factors
    /// of f32 products to 11 bits too (tf32).
    #[must_use]
    pub fn tolerance(self) -> f64 {
        match self {
            Self::F32 => 5e-3,
            Self::F16 => 2e-2,
            Self::Bf16 => 1e-1,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}
