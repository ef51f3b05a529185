//! Any picture of a digit to the form of MNIST's images, as `LeCun`'s page describes it: light on
//! dark, scaled into a box of 20x20 with its aspect kept, and centred by mass in 28x28.

use image::GrayImage;
use image::imageops;

use crate::PictureFault;
use crate::form::{Picture, scaled};
use crate::ink::{self, Ink};

/// The side of MNIST's images, in pixels.
pub(crate) const SIDE: u32 = 28;
/// The side of the box within them that digits are scaled into, in pixels.
const BOX: u32 = 20;
/// Values up to it, of 255, are background rather than a digit's soft edge.
const SOFT_EDGE: u8 = 24;

/// A picture of one digit, of any size and polarity, in MNIST's form: `[28, 28]`, 0 is background and
/// 255 is ink.
///
/// The background has to be even: one threshold separates it from the ink, and the picture's border
/// must show more background than ink.
pub(crate) fn prepare(picture: GrayImage) -> Result<Picture, PictureFault> {
    let ink = ink::separate(picture)
        .map_err(|[darkest, brightest]| PictureFault::NoInk { darkest, brightest })?;
    Ok(Picture {
        pixels: centred(&boxed(&ink)),
        inverted: ink.inverted,
    })
}

/// The ink, scaled so that its longer side is [`BOX`] and its brightest pixel 255.
fn boxed(ink: &Ink) -> GrayImage {
    let [left, top, right, bottom] = bounds(ink);
    let cropped = imageops::crop_imm(&ink.values, left, top, right - left, bottom - top);
    let mut digit = scaled(&*cropped, BOX, BOX);
    let brightest = digit.iter().copied().max().unwrap_or(0).max(1);
    for value in digit.iter_mut() {
        let stretched = u32::from(*value) * 255 / u32::from(brightest);
        *value = u8::try_from(stretched).unwrap_or(u8::MAX);
    }
    digit
}

/// Left, top, right and bottom of the ink; the latter two are one beyond it. Soft edges belong to
/// it, up to one pixel of the 20x20 box on every side.
fn bounds(ink: &Ink) -> [u32; 4] {
    let hard = bounds_above(&ink.values, ink.threshold);
    let soft = bounds_above(&ink.values, ink.threshold.min(SOFT_EDGE));
    let margin = (hard[2] - hard[0]).max(hard[3] - hard[1]).div_ceil(BOX);
    [
        soft[0].max(hard[0].saturating_sub(margin)),
        soft[1].max(hard[1].saturating_sub(margin)),
        soft[2].min(hard[2] + margin),
        soft[3].min(hard[3] + margin),
    ]
}

fn bounds_above(values: &GrayImage, threshold: u8) -> [u32; 4] {
    let mut bounds = [values.width(), values.height(), 0, 0];
    for (x, y, pixel) in values.enumerate_pixels() {
        if pixel.0[0] > threshold {
            let [left, top, right, bottom] = bounds;
            bounds = [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)];
        }
    }
    bounds
}

/// Moves the centre of mass to the centre of the field, by whole pixels, as far as the box fits.
fn centred(digit: &GrayImage) -> Vec<u8> {
    let (mut mass, mut across, mut down) = (0, 0, 0);
    for (x, y, pixel) in digit.enumerate_pixels() {
        let value = u32::from(pixel.0[0]);
        mass += value;
        across += value * x;
        down += value * y;
    }
    let offset = |moment: u32, side: u32| {
        // Rounded: SIDE / 2 less the mean position.
        let mean = (2 * moment + mass) / (2 * mass).max(1);
        (SIDE / 2).saturating_sub(mean).min(SIDE - side)
    };
    let (left, top) = (offset(across, digit.width()), offset(down, digit.height()));
    let mut field = GrayImage::new(SIDE, SIDE);
    imageops::replace(&mut field, digit, left.into(), top.into());
    field.into_raw()
}

#[cfg(test)]
mod tests;
