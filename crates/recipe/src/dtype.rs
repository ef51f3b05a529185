//! How a feature is kept on disk.

use serde::{Deserialize, Serialize};

/// The type of a stored value. Training always computes in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32 bits: as it was computed.
    F32,
    /// 16 bits (IEEE 754 binary16): half the disk, rounded to 11 significant bits, up to 65,504.
    F16,
}

impl Dtype {
    /// Bytes of a value.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}
