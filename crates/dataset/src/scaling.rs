//! From pixel values to the values that a network takes.

use serde::{Deserialize, Serialize};

/// The mean of `ImageNet`'s pixels, 0 to 255, in the order blue, green, red: what Keras' `caffe` mode
/// of `imagenet_utils.preprocess_input` subtracts.
pub const CAFFE_MEAN_BGR: [f32; 3] = [103.939, 116.779, 123.68];

/// How pixels of 0 to 255 become network input, channel by channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// `"unit"`: 0 to 1.
    #[default]
    Unit,
    /// `"caffe"`: 0 to 255, channels in the order blue, green, red, minus [`CAFFE_MEAN_BGR`].
    Caffe,
}

impl Scaling {
    /// The value of `pixel` (0 to 255) in `channel` (0, 1 or 2, in the order that the network takes).
    pub(crate) fn value(self, pixel: f32, channel: usize) -> f32 {
        match self {
            // Rescale from [0, 255] to [0, 1]
            Self::Unit => pixel / 255.0,
            Self::Caffe => pixel - CAFFE_MEAN_BGR[channel],
        }
    }

    /// Which of red, green and blue (0, 1, 2) is in `channel` of what the network takes.
    pub(crate) fn colour(self, channel: usize) -> usize {
        match self {
            Self::Unit => channel,
            Self::Caffe => 2 - channel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_each_mode() {
        let cases = [
            (Scaling::Unit, 0.0, [0.0, 0.0, 0.0]),
            (Scaling::Unit, 255.0, [1.0, 1.0, 1.0]),
            // 51 / 255 is a fifth.
            (Scaling::Unit, 51.0, [0.2, 0.2, 0.2]),
            (Scaling::Caffe, 0.0, [-103.939, -116.779, -123.68]),
            (Scaling::Caffe, 255.0, [151.061, 138.221, 131.32]),
        ];
        for (scaling, pixel, expected) in cases {
            for (channel, expected) in expected.into_iter().enumerate() {
                let found: f32 = scaling.value(pixel, channel);
                // One unit in the last place of numbers up to 256.
                assert!((found - expected).abs() <= 1.6e-5, "{scaling:?}: {found}");
            }
        }
    }
}
