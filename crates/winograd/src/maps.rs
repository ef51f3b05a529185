//! Feature maps in blocks of 16 channels.

use std::ops::Deref;

use crate::lanes::{Buffer, LANES, Lanes};

/// The shape of maps in memory, `[channels / 16, images, height, width, 16]`. The maps of a block form a plane,
/// and every plane begins with one zero, which stands for all that lies outside the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) images: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Shape {
    /// Places in a map.
    pub(crate) fn places(self) -> usize {
        self.height * self.width
    }

    /// Length of a plane.
    pub(crate) fn plane(self) -> usize {
        1 + self.images * self.places()
    }

    /// Length of all planes.
    pub(crate) fn length(self) -> usize {
        self.channels.div_ceil(LANES) * self.plane()
    }

    /// Writes the zero before each plane.
    pub(crate) fn clear_outside(self, planes: &mut [Lanes]) {
        for plane in planes.chunks_exact_mut(self.plane()) {
            plane[0] = Lanes::ZERO;
        }
    }

    /// Fills `planes` from as many images `[images, channels, height, width]`; with one channel instead of
    /// several, from the first channel of each.
    pub(crate) fn read(self, images: &[f32], planes: &mut [Lanes]) {
        let (plane, size) = (self.plane(), self.places());
        let channels = self.channels;
        for (image, numbers) in images.chunks_exact(images.len() / self.images).enumerate() {
            let blocks = numbers.chunks(size * LANES).take(channels.div_ceil(LANES));
            for (lanes, block) in planes.chunks_exact_mut(plane).zip(blocks) {
                let lanes = &mut lanes[1 + image * size..][..size];
                let used = block.chunks_exact(size).take(channels);
                // CHW => HWC, 16 channels at a time
                lanes.fill(Lanes::ZERO);
                for (lane, map) in used.enumerate() {
                    for (lanes, number) in lanes.iter_mut().zip(map) {
                        lanes.0[lane] = *number;
                    }
                }
            }
        }
    }

    /// Writes the images from `first` on to `images`, `[as many as it holds, channels, height, width]`.
    pub(crate) fn write(self, planes: &[Lanes], first: usize, images: &mut [f32]) {
        let (plane, size) = (self.plane(), self.places());
        for (image, numbers) in images.chunks_exact_mut(self.channels * size).enumerate() {
            let blocks = numbers.chunks_mut(size * LANES);
            for (lanes, block) in planes.chunks_exact(plane).zip(blocks) {
                let lanes = &lanes[1 + (first + image) * size..][..size];
                // HWC => CHW, 16 channels at a time
                for (lane, map) in block.chunks_exact_mut(size).enumerate() {
                    for (number, lanes) in map.iter_mut().zip(lanes) {
                        *number = lanes.0[lane];
                    }
                }
            }
        }
    }
}

/// Feature maps in memory of their own.
#[derive(Debug, Default)]
pub(crate) struct Maps {
    numbers: Buffer,
    shape: Shape,
}

impl Deref for Maps {
    type Target = Shape;

    fn deref(&self) -> &Shape {
        &self.shape
    }
}

impl Maps {
    /// Changes the shape `[images, channels, height, width]`; what the maps held is lost, their memory is kept.
    pub(crate) fn reshape(&mut self, [images, channels, height, width]: [usize; 4]) {
        self.shape = Shape {
            images,
            channels,
            height,
            width,
        };
        self.numbers.resize(self.shape.length());
        self.shape.clear_outside(&mut self.numbers);
    }

    /// All planes, one after the other.
    pub(crate) fn planes(&self) -> &[Lanes] {
        &self.numbers
    }

    /// All planes, one after the other, to be written.
    pub(crate) fn planes_mut(&mut self) -> &mut [Lanes] {
        &mut self.numbers
    }

    /// As [`Shape::read`].
    pub(crate) fn read(&mut self, images: &[f32]) {
        self.shape.read(images, &mut self.numbers);
    }

    /// As [`Shape::write`].
    pub(crate) fn write(&self, first: usize, images: &mut [f32]) {
        self.shape.write(&self.numbers, first, images);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_back_as_they_went_in() {
        for [images, channels, height, width] in
            [[1, 1, 1, 1], [2, 3, 4, 5], [3, 16, 2, 2], [2, 33, 3, 2]]
        {
            let size = channels * height * width;
            let numbers: Vec<f32> = (0..images * size).map(|i| i as f32 + 1.0).collect();
            let mut maps = Maps::default();
            maps.reshape([images, channels, height, width]);
            maps.read(&numbers);
            assert!(
                maps.planes()
                    .chunks(maps.plane())
                    .all(|plane| plane[0] == Lanes::ZERO)
            );
            let mut back = vec![0.0; (images - 1) * size];
            maps.write(1, &mut back);
            assert_eq!(back, numbers[size..]);
        }
    }

    #[test]
    fn one_channel_can_stand_for_several() {
        let mut maps = Maps::default();
        maps.reshape([2, 1, 1, 2]);
        maps.read(&[1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
        let mut back = [0.0; 4];
        maps.write(0, &mut back);
        assert_eq!(back, [1.0, 2.0, 3.0, 4.0]);
    }
}
