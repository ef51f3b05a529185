//! What the images of a set are like, and how a picture becomes one of them: the same code for
//! training, evaluation and prediction.

use std::path::Path;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;

use crate::error::open;
use crate::{Error, PictureFault, ResizeMode, picture};

/// The form of a set's images. A picture of that size is taken as it is; any other is scaled, with what
/// is larger averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageForm {
    /// Height in pixels.
    pub rows: usize,
    /// Width in pixels.
    pub columns: usize,
    /// 1 for grey images, 3 for red, green and blue.
    pub channels: usize,
    /// How a picture of another size is scaled: [`ResizeMode::Pad`] keeps its aspect and puts black
    /// around it, [`ResizeMode::Resize`] stretches it.
    pub fit: ResizeMode,
}

impl ImageForm {
    /// MNIST's: grey, 28x28.
    pub const MNIST: Self = Self {
        rows: 28,
        columns: 28,
        channels: 1,
        fit: ResizeMode::Pad,
    };

    /// How many bytes an image has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows * self.columns * self.channels
    }

    /// The picture at `path` as an image, `[row, column, channel]`.
    ///
    /// # Errors
    /// When the file is no picture, is damaged, or is beyond the limits that this crate's constants name.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let file = open(path)?;
        let read = || self.image(picture::open(&picture::read(file)?)?);
        read().map_err(|fault| Error::Picture {
            path: path.to_owned(),
            fault,
        })
    }

    /// A picture as an image, `[row, column, channel]`; what is transparent becomes white.
    pub(crate) fn image(&self, picture: DynamicImage) -> Result<Vec<u8>, PictureFault> {
        let [width, height] = [picture.width(), picture.height()];
        let pixels = if self.channels == 1 {
            grey(picture)
        } else {
            colour(picture)
        };
        let pixels = Pixels {
            values: pixels,
            width,
            height,
        };
        self.fitted(pixels)
    }

    /// Pixels of this form's channels, in its size.
    fn fitted(&self, pixels: Pixels) -> Result<Vec<u8>, PictureFault> {
        let (rows, columns) = (self.rows, self.columns);
        let [width, height] = [columns, rows].map(|side| u32::try_from(side).ok());
        let (Some(width @ 1..), Some(height @ 1..)) = (width, height) else {
            return Err(PictureFault::NoSize { rows, columns });
        };
        match self.fit {
            ResizeMode::Resize => Ok(self.scaled(pixels, width, height)?.values),
            ResizeMode::Pad => {
                let [width, height] = inside([pixels.width, pixels.height], [width, height]);
                Ok(self.centred(&self.scaled(pixels, width, height)?))
            }
        }
    }

    fn scaled(&self, from: Pixels, width: u32, height: u32) -> Result<Pixels, PictureFault> {
        if [from.width, from.height] == [width, height] {
            return Ok(from);
        }
        let scaled = match self.channels {
            1 => scaled::<U8>(&from, width, height),
            _ => scaled::<U8x3>(&from, width, height),
        };
        Ok(Pixels {
            values: scaled.map_err(|error| PictureFault::Damaged(error.to_string()))?,
            width,
            height,
        })
    }

    /// In the middle of black; of an odd number of black rows or columns the larger half comes after.
    fn centred(&self, pixels: &Pixels) -> Vec<u8> {
        let (width, height) = (pixels.width as usize, pixels.height as usize);
        let mut field = vec![0; self.bytes()];
        let [left, top] = [self.columns - width, self.rows - height].map(|rest| rest / 2);
        let row_of = |columns: usize| columns * self.channels;
        let rows = pixels.values.chunks_exact(row_of(width));
        for (row, values) in rows.enumerate() {
            let start = row_of((top + row) * self.columns + left);
            field[start..start + values.len()].copy_from_slice(values);
        }
        field
    }
}

/// Pixels of one type in another size: the library's function for any type is compiled for all of them.
fn scaled<P: PixelTrait>(
    from: &Pixels,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut values = vec![0; P::size() * width as usize * height as usize];
    let source = TypedImageRef::<P>::from_buffer(from.width, from.height, &from.values)?;
    let mut target = TypedImage::<P>::from_buffer(width, height, &mut values)?;
    // A triangle as wide as the reduction averages areas.
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(&source, &mut target, &options)?;
    Ok(values)
}

/// `[row, column, channel]`.
struct Pixels {
    values: Vec<u8>,
    width: u32,
    height: u32,
}

/// The largest size of the same aspect within another; at least one pixel wide and high.
pub(crate) fn inside(size: [u32; 2], within: [u32; 2]) -> [u32; 2] {
    let ([across, down], [limit_across, limit_down]) = (size.map(u64::from), within.map(u64::from));
    // Rounded to the nearest.
    let scaled = |length: u64, limit: u64, of: u64| {
        let rounded = (length * limit + of / 2) / of;
        u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
    };
    if across * limit_down >= down * limit_across {
        [within[0], scaled(down, limit_across, across)]
    } else {
        [scaled(across, limit_down, down), within[1]]
    }
}

fn grey(picture: DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.into_luma8().into_raw();
    }
    let pixels = picture.into_luma_alpha8();
    pixels
        .pixels()
        .map(|pixel| on_white(pixel.0[0], pixel.0[1]))
        .collect()
}

fn colour(picture: DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into_raw();
    }
    let pixels = picture.into_rgba8();
    let mixed = |[red, green, blue, alpha]: [u8; 4]| [red, green, blue].map(|v| on_white(v, alpha));
    pixels.pixels().flat_map(|pixel| mixed(pixel.0)).collect()
}

fn on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    let mixed = (value * alpha + 255 * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests;
