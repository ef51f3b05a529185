//! What VGG16 is: the numbers that a file is checked against.

use std::ops::RangeInclusive;

/// The channels that each convolution of each block yields.
///
/// Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
/// (2014), table 1, configuration D. All kernels are 3x3 with a stride and a padding of 1, each
/// is followed by a rectifier, and each block ends in a 2x2 maximum with a stride of 2.
pub const BLOCKS: [&[usize]; 5] = [
    &[64, 64],
    &[128, 128],
    &[256, 256, 256],
    &[512, 512, 512],
    &[512, 512, 512],
];

/// The channels of an image: three colours.
pub const IMAGE_CHANNELS: usize = 3;

/// Height and width of every kernel.
pub const KERNEL: [usize; 2] = [3, 3];

/// The versions of ONNX's operator set in which the operators of VGG16 mean what is checked here.
///
/// Before 7, Relu has an attribute that ties it to other values. 28 is the newest at the time of
/// writing; from 7 to 28 Conv, Relu, `MaxPool`, Transpose, Identity and Constant gained types and
/// optional attributes, and an attribute that is not known is refused.
pub const KNOWN_OPSETS: RangeInclusive<i64> = 7..=28;

/// The channels that a block takes; blocks count from 1.
#[must_use]
pub(crate) fn input_channels(block: usize) -> usize {
    // The last convolution of the block before; the first block takes images.
    BLOCKS[..block - 1]
        .last()
        .and_then(|channels| channels.last())
        .copied()
        .unwrap_or(IMAGE_CHANNELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_as_many_parameters_as_the_paper() {
        let mut parameters = 0;
        for (index, block) in BLOCKS.iter().enumerate() {
            let mut channels = input_channels(index + 1);
            for out in *block {
                parameters += out * (channels * KERNEL[0] * KERNEL[1] + 1);
                channels = *out;
            }
        }
        // The number that Keras prints for VGG16 with include_top=False.
        assert_eq!(parameters, 14_714_688);
    }
}
