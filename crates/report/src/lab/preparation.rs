//! How images become the backbone's input in the lab `preprocessing`.

use serde::{Deserialize, Serialize};

use crate::Language;

/// How an image fills the square that the backbone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Zeros around it.
    Pad,
    /// Enlarged, bilinear.
    Resize,
}

/// What the backbone's input ranges over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// 0 to 1.
    Unit,
    /// 0 to 255, blue before green before red, minus `ImageNet`'s mean.
    Caffe,
}

/// How an image became the backbone's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// How it filled the square.
    pub fit: Fit,
    /// The square's side in pixels.
    pub size: usize,
    /// What its values range over.
    pub scaling: Scaling,
}

impl Preparation {
    /// As the seed recipe has it.
    pub const SEED: Self = Self {
        fit: Fit::Pad,
        size: 32,
        scaling: Scaling::Unit,
    };

    /// With another scaling.
    #[must_use]
    pub fn scaled(self, scaling: Scaling) -> Self {
        Self { scaling, ..self }
    }

    /// Enlarged to a square of `size` pixels instead of padded.
    #[must_use]
    pub fn enlarged(self, size: usize) -> Self {
        let fit = Fit::Resize;
        Self { fit, size, ..self }
    }

    /// All that are measured: the seed recipe's padding, and three sizes to enlarge to.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let sizes = [32, 48, 64].map(|size| Self::SEED.enlarged(size));
        let with = |scaling| {
            let all = [Self::SEED].into_iter().chain(sizes);
            all.map(move |preparation| preparation.scaled(scaling))
        };
        let scalings = [Scaling::Unit, Scaling::Caffe];
        scalings.into_iter().flat_map(with).collect()
    }

    pub(super) fn place(self, language: Language) -> String {
        let Self { fit, size, .. } = self;
        match fit {
            Fit::Pad => language.pick(format!("{size} px, padded"), format!("{size} 像素，补零")),
            Fit::Resize => {
                language.pick(format!("{size} px, enlarged"), format!("{size} 像素，放大"))
            }
        }
    }
}

impl Scaling {
    pub(super) fn name(self, language: Language) -> &'static str {
        match self {
            Self::Unit => language.pick("0..1", "0..1"),
            Self::Caffe => language.pick("caffe", "caffe"),
        }
    }
}
