//! What a lab measured, one type a lab.

use serde::{Deserialize, Serialize};

use super::{Boundary, LearningRate, NAMES, Preprocessing, SmallData, Validation};

/// What a lab measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "lab", rename_all = "kebab-case")]
pub enum Outcome {
    /// Pretrained features, untrained ones and pixels, with few images to learn from.
    SmallData(SmallData),
    /// How an image becomes the backbone's input.
    Preprocessing(Preprocessing),
    /// Where the features are taken.
    Boundary(Boundary),
    /// Adam's rate, and images a step.
    LearningRate(LearningRate),
    /// What choosing on the test set would have claimed.
    Validation(Validation),
}

impl Outcome {
    /// The lab's name, one of [`NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAMES[match self {
            Self::SmallData(_) => 0,
            Self::Preprocessing(_) => 1,
            Self::Boundary(_) => 2,
            Self::LearningRate(_) => 3,
            Self::Validation(_) => 4,
        }]
    }
}
