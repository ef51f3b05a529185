//! From u8 images to the f32 batches that a network takes: fitted into a square and scaled; grey is
//! repeated over three channels.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::value;
use crate::{Error, ImageSet, ResizeMode, Scaling};

/// The largest side of a network's input: beyond it one batch takes gigabytes.
pub const MAX_SIZE: usize = 1024;

/// The channels of a network's input; grey images are repeated over them.
const CHANNELS: usize = 3;

/// What is done to every image before a network sees it. The fit comes first and the scaling
/// second, so that padding is black whatever the scaling makes of black.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preprocessing {
    /// How an image fills the square.
    pub fit: ResizeMode,
    /// The side of the square, in pixels; 1 to [`MAX_SIZE`].
    pub size: usize,
    /// How pixel values become network input.
    pub scaling: Scaling,
}

impl Default for Preprocessing {
    /// 28x28 images padded to 32x32, the smallest that VGG16 takes, and scaled to 0..1.
    fn default() -> Self {
        Self {
            fit: ResizeMode::Pad,
            size: 32,
            scaling: Scaling::Unit,
        }
    }
}

/// Images as a network takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageBatch {
    /// The values, contiguous in the order of [`ImageBatch::shape`].
    pub values: Vec<f32>,
    /// `[batch, 3, height, width]`.
    pub shape: [usize; 4],
}

impl Preprocessing {
    /// Checks that images of `rows` x `columns` can be prepared.
    ///
    /// # Errors
    /// When the size is zero or above [`MAX_SIZE`], and when padding would have to shrink.
    pub fn check(&self, rows: usize, columns: usize) -> Result<(), Error> {
        let size = self.size;
        if !(1..=MAX_SIZE).contains(&size) {
            let expected = format!("an input size of 1 to {MAX_SIZE} pixels");
            return value(expected, size, "set another size");
        }
        let largest = rows.max(columns);
        let image = format!("{rows}x{columns}");
        if rows == 0 || columns == 0 {
            return value("images with at least one pixel", image, "give another set");
        }
        if self.fit == ResizeMode::Pad && size < largest {
            return value(
                format!("images that can be padded to {size}x{size}"),
                image,
                format!("set a size of at least {largest}, or fit = \"resize\""),
            );
        }
        Ok(())
    }

    /// How many values one image becomes: `3 * size * size`.
    #[must_use]
    pub fn values_per_image(&self) -> usize {
        CHANNELS * self.size * self.size
    }

    /// The first `pixels` rows and columns of the prepared square as top, left, height and width in pixels of
    /// an image of `[rows, columns]`: padding lies outside of it.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "sides are at most MAX_SIZE, or an image's"
    )]
    pub fn area(&self, sides: [usize; 2], pixels: usize) -> [f64; 4] {
        let [(top, height), (left, width)] = sides.map(|side| match self.fit {
            ResizeMode::Pad => {
                let before = self.size.saturating_sub(side) / 2;
                (-(before as f64), pixels as f64)
            }
            ResizeMode::Resize => (0.0, (pixels * side) as f64 / self.size as f64),
        });
        [top, left, height, width]
    }

    /// Prepares one image, grey or in colour.
    ///
    /// # Shapes
    /// `image` `[rows, columns]` or `[rows, columns, 3]` (red, green, blue) to `out` `[3, size, size]`.
    ///
    /// # Errors
    /// As [`Preprocessing::check`], and when a slice has another length than its shape.
    pub fn apply(
        &self,
        image: &[u8],
        rows: usize,
        columns: usize,
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.check(rows, columns)?;
        let pixels = rows.saturating_mul(columns);
        let in_colour = image.len() == pixels.saturating_mul(CHANNELS);
        check_length("network input", self.values_per_image(), out.len())?;
        if !in_colour {
            check_length("image", pixels, image.len())?;
            let square = self.fit.square(image, rows, columns, self.size);
            for (channel, plane) in out.chunks_exact_mut(square.len()).enumerate() {
                self.scale(&square, channel, plane);
            }
            return Ok(());
        }
        let planes = out.chunks_exact_mut(self.size * self.size);
        for (channel, plane) in planes.enumerate() {
            let colour = self.scaling.colour(channel);
            // HWC => CHW
            let values: Vec<u8> = image
                .iter()
                .skip(colour)
                .step_by(CHANNELS)
                .copied()
                .collect();
            let square = self.fit.square(&values, rows, columns, self.size);
            self.scale(&square, channel, plane);
        }
        Ok(())
    }

    fn scale(&self, square: &[f32], channel: usize, plane: &mut [f32]) {
        for (value, &pixel) in plane.iter_mut().zip(square) {
            *value = self.scaling.value(pixel, channel);
        }
    }

    /// Prepares the images of `set` at some indices.
    ///
    /// # Errors
    /// As [`Preprocessing::check`], and when the set does not have one of them.
    pub fn batch(
        &self,
        set: &ImageSet,
        indices: impl ExactSizeIterator<Item = usize>,
    ) -> Result<ImageBatch, Error> {
        let (rows, columns) = (set.rows(), set.columns());
        self.check(rows, columns)?;
        let per_image = self.values_per_image();
        let shape = [indices.len(), CHANNELS, self.size, self.size];
        let mut values = vec![0.0; indices.len() * per_image];
        let indices: Vec<_> = indices.collect();
        if let Some(index) = indices.iter().find(|index| **index >= set.len()) {
            let expected = format!("images within 0..{}", set.len());
            return value(expected, *index, "check the batch's bounds");
        }
        set.prepare(&indices)?;
        let places = values.par_chunks_exact_mut(per_image).zip(&indices);
        places.try_for_each(|(out, &index)| self.apply(set.image(index), rows, columns, out))?;
        Ok(ImageBatch { values, shape })
    }
}

fn check_length(what: &str, expected: usize, found: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let expected = format!("{expected} values for the {what}");
    value(expected, found, "check rows, columns and size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_square_shows_of_an_image() {
        let area = |fit, size, sides, pixels| {
            let preprocessing = Preprocessing {
                fit,
                size,
                ..Preprocessing::default()
            };
            preprocessing.area(sides, pixels).to_vec()
        };
        let (pad, resize) = (ResizeMode::Pad, ResizeMode::Resize);
        assert_eq!(area(pad, 32, [28, 28], 32), [-2.0, -2.0, 32.0, 32.0]);
        assert_eq!(area(pad, 33, [28, 20], 32), [-2.0, -6.0, 32.0, 32.0]);
        assert_eq!(area(resize, 64, [20, 30], 64), [0.0, 0.0, 20.0, 30.0]);
        assert_eq!(area(resize, 50, [25, 100], 48), [0.0, 0.0, 24.0, 96.0]);
    }

    fn set() -> ImageSet {
        ImageSet::new(1, 2, vec![255, 0, 51, 102], vec![0, 1], 2).unwrap()
    }

    fn preprocessing(fit: ResizeMode, size: usize, scaling: Scaling) -> Preprocessing {
        Preprocessing { fit, size, scaling }
    }

    #[test]
    fn a_batch_is_images_by_channels() {
        let unit = preprocessing(ResizeMode::Pad, 2, Scaling::Unit);
        let batch = unit.batch(&set(), 0..2).unwrap();
        assert_eq!(batch.shape, [2, 3, 2, 2]);
        let first = [1.0, 0.0, 0.0, 0.0].repeat(3);
        let second = [0.2, 0.4, 0.0, 0.0].repeat(3);
        assert_eq!(batch.values, [first, second.clone()].concat());
        assert_eq!(unit.batch(&set(), 1..2).unwrap().values, second);
        assert_eq!(unit.batch(&set(), 2..2).unwrap().shape, [0, 3, 2, 2]);
    }

    #[test]
    fn colours_come_in_the_order_that_the_network_takes() {
        // Two pixels: red and green.
        let image = [200, 10, 20, 30, 210, 40];
        for (scaling, order, mean) in [
            (Scaling::Unit, [0, 1, 2], [0.0; 3]),
            (Scaling::Caffe, [2, 1, 0], crate::CAFFE_MEAN_BGR),
        ] {
            let mut out = vec![0.0; 12];
            let fit = preprocessing(ResizeMode::Pad, 2, scaling);
            fit.apply(&image, 1, 2, &mut out).unwrap();
            for (channel, plane) in out.chunks_exact(4).enumerate() {
                let of = |pixel: u8| match scaling {
                    Scaling::Unit => f32::from(pixel) / 255.0,
                    Scaling::Caffe => f32::from(pixel) - mean[channel],
                };
                let [first, second] = [0, 3].map(|at| of(image[at + order[channel]]));
                assert_eq!(plane, [first, second, of(0), of(0)]);
            }
        }
        // Grey pictures in colour become what they are in grey.
        for fit in [ResizeMode::Pad, ResizeMode::Resize] {
            let preprocessing = preprocessing(fit, 3, Scaling::Caffe);
            let (mut grey, mut colour) = (vec![0.0; 27], vec![0.0; 27]);
            preprocessing.apply(&[7, 200], 1, 2, &mut grey).unwrap();
            let thrice = [7, 7, 7, 200, 200, 200];
            preprocessing.apply(&thrice, 1, 2, &mut colour).unwrap();
            assert_eq!(grey, colour);
        }
    }

    #[test]
    fn padding_is_black_before_it_is_scaled() {
        let caffe = preprocessing(ResizeMode::Pad, 2, Scaling::Caffe);
        let batch = caffe.batch(&set(), 1..2).unwrap();
        let [b, g, r] = crate::CAFFE_MEAN_BGR;
        #[rustfmt::skip]
        assert_eq!(batch.values, [
            51.0 - b, 102.0 - b, -b, -b,
            51.0 - g, 102.0 - g, -g, -g,
            51.0 - r, 102.0 - r, -r, -r,
        ]);
    }

    #[test]
    fn what_cannot_be_prepared_is_refused() {
        let cases = [
            (ResizeMode::Pad, 0, "1 to 1024"),
            (ResizeMode::Resize, 1025, "1 to 1024"),
            (ResizeMode::Pad, usize::MAX, "1 to 1024"),
            (
                ResizeMode::Pad,
                1,
                "can be padded to 1x1, found 1x2; set a size of at least 2",
            ),
        ];
        for (fit, size, expected) in cases {
            let preprocessing = preprocessing(fit, size, Scaling::Unit);
            let error = preprocessing.check(1, 2).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert!(preprocessing.batch(&set(), 0..1).is_err());
        }
        let resize = preprocessing(ResizeMode::Resize, 1, Scaling::Unit);
        assert!(resize.batch(&set(), 0..1).is_ok());
        let error = resize.check(0, 2).unwrap_err().to_string();
        assert!(error.contains("found 0x2"), "{error}");
        for range in [0..3, 2..3] {
            let error = resize.batch(&set(), range).unwrap_err().to_string();
            assert!(error.contains("images within 0..2"), "{error}");
        }
        for (image, out) in [(1, 3), (2, 4), (3, 3)] {
            let result = resize.apply(&vec![0; image], 1, 2, &mut vec![0.0; out]);
            let error = result.unwrap_err().to_string();
            assert!(error.contains("values for the"), "{error}");
        }
    }

    #[test]
    fn recipes_spell_it_in_lower_case() {
        let text = r#"{"fit":"resize","size":64,"scaling":"caffe"}"#;
        let read: Preprocessing = serde_json::from_str(text).unwrap();
        assert_eq!(read, preprocessing(ResizeMode::Resize, 64, Scaling::Caffe));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let default: Preprocessing = serde_json::from_str("{}").unwrap();
        assert_eq!(default, preprocessing(ResizeMode::Pad, 32, Scaling::Unit));
        assert!(serde_json::from_str::<Preprocessing>(r#"{"sise":64}"#).is_err());
        assert!(serde_json::from_str::<Preprocessing>(r#"{"fit":"crop"}"#).is_err());
    }
}
