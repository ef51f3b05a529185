//! Where VGG16 is cut: the block whose output becomes the features.

use std::fmt;
use std::str::FromStr;

use graft_onnx_import::{BLOCKS, IMAGE_CHANNELS, KERNEL};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The last of VGG16's five blocks that the features pass through.
///
/// Each block convolves (3x3, padding 1, `ReLU`) two or three times, then halves height and width by
/// a 2x2 max pool that drops an odd last row or column. The features after it, for images
/// `[batch, 3, height, width]`:
///
/// | boundary | features                               | of 32x32 images |
/// |----------|----------------------------------------|-----------------|
/// | `block1` | `[batch, 64, height / 2, width / 2]`   | `[64, 16, 16]`  |
/// | `block2` | `[batch, 128, height / 4, width / 4]`  | `[128, 8, 8]`   |
/// | `block3` | `[batch, 256, height / 8, width / 8]`  | `[256, 4, 4]`   |
/// | `block4` | `[batch, 512, height / 16, width / 16]`| `[512, 2, 2]`   |
/// | `block5` | `[batch, 512, height / 32, width / 32]`| `[512, 1, 1]`   |
///
/// Shapes and channels are those of configuration D in Simonyan and Zisserman, "Very Deep
/// Convolutional Networks for Large-Scale Image Recognition" (2014), table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// After two convolutions to 64 channels.
    Block1,
    /// After two more to 128.
    Block2,
    /// After three more to 256.
    Block3,
    /// After three more to 512.
    Block4,
    /// After the last three, to 512: the whole convolutional base.
    Block5,
}

impl Boundary {
    /// All boundaries, from the input on.
    pub const ALL: [Self; 5] = [
        Self::Block1,
        Self::Block2,
        Self::Block3,
        Self::Block4,
        Self::Block5,
    ];

    /// The block's number, 1 to 5.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// How many channels the features have.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Block1 => 64,
            Self::Block2 => 128,
            Self::Block3 => 256,
            Self::Block4 | Self::Block5 => 512,
        }
    }

    /// Operations that all convolutions up to here take for one image in their direct form, a
    /// multiplication and an addition counted as two.
    #[must_use]
    pub fn operations(self, height: usize, width: usize) -> usize {
        let mut channels = IMAGE_CHANNELS;
        let blocks = BLOCKS.iter().take(self.number()).enumerate();
        blocks.fold(0, |sum, (halvings, block)| {
            let pixels = (height >> halvings) * (width >> halvings);
            block.iter().fold(sum, |sum, output| {
                let products = pixels * channels * output * KERNEL[0] * KERNEL[1];
                channels = *output;
                sum + 2 * products
            })
        })
    }

    /// The least height and width, in pixels, of an image that leaves any features here.
    #[must_use]
    pub fn smallest_side(self) -> usize {
        1 << self.number()
    }

    /// The shape `[channels, height, width]` of one image's features.
    ///
    /// # Errors
    /// [`Error::TooSmall`] when nothing would be left of an image of `height` times `width` pixels.
    pub fn feature_shape(self, height: usize, width: usize) -> Result<[usize; 3], Error> {
        if height.min(width) < self.smallest_side() {
            return Err(Error::TooSmall {
                boundary: self,
                height,
                width,
            });
        }
        let halvings = self.number();
        Ok([self.channels(), height >> halvings, width >> halvings])
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "block{}", self.number())
    }
}

impl FromStr for Boundary {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|boundary| boundary.to_string() == name)
            .ok_or_else(|| Error::UnknownBoundary {
                found: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_of_the_direct_form() {
        // Counted by a script from the paper's table; 15.3 * 10^9 products are what VGG16 is known for.
        assert_eq!(Boundary::Block5.operations(224, 224), 30_693_261_312);
        assert_eq!(Boundary::Block5.operations(32, 32), 626_393_088);
        assert_eq!(
            Boundary::Block1.operations(2, 2),
            2 * 4 * 9 * (3 * 64 + 64 * 64)
        );
    }

    #[test]
    fn shapes_are_those_of_the_paper() {
        for (boundary, side, shape) in [
            (Boundary::Block1, 32, [64, 16, 16]),
            (Boundary::Block2, 32, [128, 8, 8]),
            (Boundary::Block3, 32, [256, 4, 4]),
            (Boundary::Block4, 32, [512, 2, 2]),
            (Boundary::Block5, 32, [512, 1, 1]),
            (Boundary::Block5, 224, [512, 7, 7]),
            // An odd last row is dropped: 28, 14, 7, 3, 1.
            (Boundary::Block4, 28, [512, 1, 1]),
        ] {
            assert_eq!(boundary.feature_shape(side, side).unwrap(), shape);
        }
        assert_eq!(
            Boundary::Block2.feature_shape(9, 20).unwrap(),
            [128, 2, 5],
            "height before width"
        );
    }

    #[test]
    fn an_image_that_vanishes_is_refused() {
        for boundary in Boundary::ALL {
            let side = boundary.smallest_side();
            assert!(boundary.feature_shape(side, side).is_ok());
            assert!(boundary.feature_shape(side - 1, side).is_err());
            assert!(boundary.feature_shape(side, side - 1).is_err());
        }
        let error = Boundary::Block5.feature_shape(28, 28).unwrap_err();
        assert_eq!(
            error.to_string(),
            "block5 needs images of at least 32x32 pixels, found 28x28; \
             pad or resize them, or choose an earlier boundary"
        );
    }

    #[test]
    fn names_are_the_same_everywhere() {
        for boundary in Boundary::ALL {
            let name = boundary.to_string();
            assert_eq!(name.parse::<Boundary>().unwrap(), boundary);
            let json = serde_json::to_string(&boundary).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Boundary>(&json).unwrap(), boundary);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_choices() {
        for name in ["block6", "block0", "Block5", "5", ""] {
            let error = name.parse::<Boundary>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(
                error.contains("block1, block2, block3, block4, block5"),
                "{error}"
            );
        }
        let error = serde_json::from_str::<Boundary>("\"block6\"").unwrap_err();
        assert!(error.to_string().contains("`block5`"), "{error}");
    }
}
