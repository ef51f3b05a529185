//! Any picture of a digit to the form of MNIST's images, as `LeCun`'s page describes it: light on
//! dark, scaled into a box of 20x20 with its aspect kept, and centred by mass in 28x28.

use std::path::Path;

use image::GrayImage;
use image::imageops::{self, FilterType};

use crate::ink::{self, Ink};
use crate::{Error, picture};

/// The side of MNIST's images, in pixels.
pub const DIGIT_SIDE: usize = SIDE as usize;
/// The side of the box within them that digits are scaled into, in pixels.
pub const DIGIT_BOX: usize = BOX as usize;

/// Values up to it, of 255, are background rather than a digit's soft edge.
const SOFT_EDGE: u8 = 24;
// The same two as the image crate counts.
const SIDE: u32 = 28;
const BOX: u32 = 20;

/// A digit in MNIST's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digit {
    /// `[28, 28]`, 0 is background and 255 is ink.
    pub pixels: [u8; DIGIT_SIDE * DIGIT_SIDE],
    /// Whether the picture was dark on light.
    pub inverted: bool,
}

/// Reads a PNG or JPEG picture of one digit, of any size and polarity, in MNIST's form.
///
/// The background has to be even: one threshold parts it from the ink, and the picture's border
/// must show more background than ink.
///
/// # Errors
/// When the file is no PNG or JPEG, is damaged, is beyond the limits that this crate's constants
/// name, or shows nothing that stands out.
pub fn read_digit(path: &Path) -> Result<Digit, Error> {
    let ink = ink::separate(picture::read(path)?).map_err(|[darkest, brightest]| Error::NoInk {
        path: path.to_owned(),
        darkest,
        brightest,
    })?;
    Ok(Digit {
        pixels: centred(&boxed(&ink)),
        inverted: ink.inverted,
    })
}

/// The ink, scaled so that its longer side is [`DIGIT_BOX`] and its brightest pixel 255.
fn boxed(ink: &Ink) -> GrayImage {
    let [left, top, right, bottom] = bounds(ink);
    let (width, height) = (right - left, bottom - top);
    let longer = width.max(height);
    // At least one pixel wide, rounded to the nearest.
    let scaled = |side: u32| ((side * BOX + longer / 2) / longer).max(1);
    let cropped = imageops::crop_imm(&ink.values, left, top, width, height);
    // A triangle as wide as the reduction averages areas.
    let mut digit = imageops::resize(
        &*cropped,
        scaled(width),
        scaled(height),
        FilterType::Triangle,
    );
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
fn centred(digit: &GrayImage) -> [u8; DIGIT_SIDE * DIGIT_SIDE] {
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
        (SIDE / 2).saturating_sub(mean).min(SIDE - side) as usize
    };
    let (left, top) = (offset(across, digit.width()), offset(down, digit.height()));
    let mut pixels = [0; DIGIT_SIDE * DIGIT_SIDE];
    for (row, values) in digit.rows().enumerate() {
        let start = (top + row) * DIGIT_SIDE + left;
        for (out, pixel) in pixels[start..].iter_mut().zip(values) {
            *out = pixel.0[0];
        }
    }
    pixels
}

#[cfg(test)]
mod tests;
