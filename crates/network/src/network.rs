//! What a network is, and what follows from it.

use std::fmt;
use std::ops::Range;

use crate::{Boundary, Error};

/// The channels of an image: three colours.
pub const IMAGE_CHANNELS: usize = 3;

/// Height and width of every kernel.
pub const KERNEL: [usize; 2] = [3, 3];

/// A network: stages, each of which convolves (3x3, stride 1, padding 1, `ReLU`) some times, and then
/// halves height and width by a 2x2 max pool that drops an odd last row or column. It is written by
/// its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// Its name in recipes and file names.
    pub name: &'static str,
    /// Its name in texts.
    pub title: &'static str,
    /// The channels that each convolution of each stage yields.
    pub stages: &'static [&'static [usize]],
    /// Height and width of the images that it was trained on.
    pub side: usize,
    /// The layers of its own classifier, which a head replaces: name and outputs.
    pub classifier: &'static [(&'static str, usize)],
}

/// One stage of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The boundary at its end, which has its number and name.
    pub boundary: Boundary,
    /// The channels that it takes.
    pub input: usize,
    /// The channels that each of its convolutions yields.
    pub outputs: &'static [usize],
}

impl Network {
    /// All stages, first to last.
    pub fn stages(self) -> impl Iterator<Item = Stage> {
        self.between(Boundary::IMAGES..self.end())
    }

    /// The stages between two boundaries, first to last.
    pub fn between(self, range: Range<Boundary>) -> impl Iterator<Item = Stage> {
        let stages = self.stages.iter().take(range.end.number());
        let all = (1..)
            .zip(stages)
            .scan(IMAGE_CHANNELS, |input, (number, outputs)| {
                let stage = Stage {
                    boundary: Boundary::after(number),
                    input: *input,
                    outputs,
                };
                *input = stage.channels();
                Some(stage)
            });
        all.skip(range.start.number())
    }

    /// The boundaries after each stage.
    pub fn boundaries(self) -> impl DoubleEndedIterator<Item = Boundary> {
        (1..=count(self.stages)).map(Boundary::after)
    }

    /// The boundary after the last stage.
    #[must_use]
    pub fn end(self) -> Boundary {
        Boundary::after(count(self.stages))
    }

    /// Refuses a boundary that the network does not have.
    ///
    /// # Errors
    /// [`Error::NoStage`]
    pub fn check(self, boundary: Boundary) -> Result<(), Error> {
        if boundary <= self.end() {
            return Ok(());
        }
        let known: Vec<_> = self.boundaries().map(|one| one.to_string()).collect();
        Err(Error::NoStage {
            network: self.title,
            boundary,
            known: known.join(", "),
        })
    }

    /// How many channels the maps at a boundary have.
    #[must_use]
    pub fn channels(self, boundary: Boundary) -> usize {
        let before = self.between(Boundary::IMAGES..boundary).last();
        before.map_or(IMAGE_CHANNELS, Stage::channels)
    }

    /// The least height and width, in pixels, of an image of which anything is left at a boundary.
    #[must_use]
    pub fn smallest_side(self, boundary: Boundary) -> usize {
        1 << boundary.number()
    }

    /// The shape `[channels, height, width]` of what becomes of one image at a boundary.
    ///
    /// # Errors
    /// [`Error::NoStage`], or [`Error::TooSmall`] when nothing would be left of an image of `height`
    /// times `width` pixels.
    pub fn feature_shape(
        self,
        boundary: Boundary,
        height: usize,
        width: usize,
    ) -> Result<[usize; 3], Error> {
        self.check(boundary)?;
        let least = self.smallest_side(boundary);
        if height.min(width) < least {
            return Err(Error::TooSmall {
                boundary,
                least,
                height,
                width,
            });
        }
        let [height, width] = [height, width].map(|side| side / least);
        Ok([self.channels(boundary), height, width])
    }

    /// Operations that all convolutions up to a boundary take for one image in their direct form, a
    /// multiplication and an addition counted as two.
    #[must_use]
    pub fn operations(self, boundary: Boundary, height: usize, width: usize) -> usize {
        let stages = self.between(Boundary::IMAGES..boundary).enumerate();
        stages.fold(0, |sum, (halvings, stage)| {
            let pixels = (height >> halvings) * (width >> halvings);
            let products = stage.convolutions().map(|[input, output]| input * output);
            sum + 2 * pixels * KERNEL[0] * KERNEL[1] * products.sum::<usize>()
        })
    }

    /// How many values the largest maps that a stage computes have, for one image.
    #[must_use]
    pub fn largest_maps(self, height: usize, width: usize) -> usize {
        let stages = self.stages().enumerate();
        let maps = stages
            .map(|(halvings, stage)| stage.channels() * (height >> halvings) * (width >> halvings));
        maps.max().unwrap_or_default()
    }
}

impl Stage {
    /// The channels that it yields.
    #[must_use]
    pub fn channels(self) -> usize {
        self.outputs.last().copied().unwrap_or(self.input)
    }

    /// The channels `[in, out]` of each convolution.
    pub fn convolutions(self) -> impl Iterator<Item = [usize; 2]> {
        self.outputs.iter().scan(self.input, |input, output| {
            Some([std::mem::replace(input, *output), *output])
        })
    }

    /// How many weights and biases its convolutions have.
    #[must_use]
    pub fn parameters(self) -> usize {
        self.convolutions().map(parameters).sum()
    }
}

/// How many weights and biases a convolution of `[in, out]` channels has.
#[must_use]
pub fn parameters([input, output]: [usize; 2]) -> usize {
    output * (input * KERNEL[0] * KERNEL[1] + 1)
}

/// The most stages that a known network has.
pub(crate) fn most_stages() -> u8 {
    let counts = Network::ALL.iter().map(|network| count(network.stages));
    counts.max().unwrap_or_default()
}

/// How many stages these are; a boundary's number has no more than 8 bits.
fn count(stages: &[&[usize]]) -> u8 {
    u8::try_from(stages.len()).unwrap_or(u8::MAX)
}

impl Default for Network {
    fn default() -> Self {
        Self::VGG16
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After the last block of five.
    const LAST: Boundary = Boundary::after(5);

    #[test]
    fn numbers_of_weights_are_those_that_keras_and_torchvision_print() {
        for (network, convolutions, whole) in [
            (Network::VGG11, 9_220_480, 132_863_336),
            (Network::VGG13, 9_404_992, 133_047_848),
            (Network::VGG16, 14_714_688, 138_357_544),
            (Network::VGG19, 20_024_384, 143_667_240),
        ] {
            let base: usize = network.stages().map(Stage::parameters).sum();
            assert_eq!(base, convolutions, "{network}");
            let maps = network.feature_shape(network.end(), network.side, network.side);
            let mut width = maps.unwrap().iter().product::<usize>();
            let top = network.classifier.iter().map(|(_, output)| {
                let input = std::mem::replace(&mut width, *output);
                output * (input + 1)
            });
            assert_eq!(base + top.sum::<usize>(), whole, "{network}");
        }
    }

    #[test]
    fn operations_are_those_of_the_direct_form() {
        // Counted by a script from the paper's table; 15.3 * 10^9 products are what VGG16 is known for.
        let vgg16 = Network::VGG16;
        assert_eq!(vgg16.operations(LAST, 224, 224), 30_693_261_312);
        assert_eq!(vgg16.operations(LAST, 32, 32), 626_393_088);
        let first = vgg16.operations(Boundary::after(1), 2, 2);
        assert_eq!(first, 2 * 4 * 9 * (3 * 64 + 64 * 64));
        assert_eq!(vgg16.operations(Boundary::IMAGES, 32, 32), 0);
        assert_eq!(vgg16.largest_maps(32, 32), 64 * 32 * 32);
    }

    #[test]
    fn shapes_are_those_of_the_paper() {
        for (number, height, width, shape) in [
            (0, 32, 30, [3, 32, 30]),
            (1, 32, 32, [64, 16, 16]),
            (2, 32, 32, [128, 8, 8]),
            (3, 32, 32, [256, 4, 4]),
            (4, 32, 32, [512, 2, 2]),
            (5, 32, 32, [512, 1, 1]),
            (5, 224, 224, [512, 7, 7]),
            // An odd last row is dropped: 28, 14, 7, 3, 1.
            (4, 28, 28, [512, 1, 1]),
            // Height before width.
            (2, 9, 20, [128, 2, 5]),
        ] {
            let boundary = Boundary::after(number);
            let found = Network::VGG16.feature_shape(boundary, height, width);
            assert_eq!(found, Ok(shape));
        }
    }

    #[test]
    fn what_leaves_nothing_is_refused() {
        let network = Network::VGG16;
        for boundary in network.boundaries() {
            let side = network.smallest_side(boundary);
            assert!(network.feature_shape(boundary, side, side).is_ok());
            assert!(network.feature_shape(boundary, side - 1, side).is_err());
            assert!(network.feature_shape(boundary, side, side - 1).is_err());
        }
        let error = |boundary| network.feature_shape(boundary, 28, 28).unwrap_err();
        assert_eq!(
            error(LAST).to_string(),
            "block5 needs images of at least 32x32 pixels, found 28x28; \
             pad or resize them, or choose an earlier boundary"
        );
        assert_eq!(
            error(Boundary::after(6)).to_string(),
            "VGG16 has no block6: expected one of block1, block2, block3, block4, block5"
        );
    }

    #[test]
    fn stages_are_those_between_the_boundaries() {
        let between = Network::VGG16.between(Boundary::after(2)..Boundary::after(4));
        let found: Vec<_> = between
            .map(|stage| {
                (
                    stage.boundary.number(),
                    stage.convolutions().collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (3, vec![[128, 256], [256, 256], [256, 256]]),
                (4, vec![[256, 512], [512, 512], [512, 512]])
            ]
        );
        assert_eq!(Network::VGG16.between(LAST..LAST).count(), 0);
        assert_eq!(Network::VGG16.stages().count(), 5);
    }

    #[test]
    fn every_network_is_found_by_its_name() {
        for network in Network::ALL {
            assert_eq!(network.name.parse().as_ref(), Ok(network));
            let json = serde_json::to_string(network).unwrap();
            assert_eq!(json, format!("\"{network}\""));
            assert_eq!(serde_json::from_str::<Network>(&json).unwrap(), *network);
        }
        let error = "vgg12".parse::<Network>().unwrap_err().to_string();
        assert!(error.starts_with("unknown network `vgg12`: expected one of vgg11, vgg13, vgg16"));
    }
}
