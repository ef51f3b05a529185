//! Any picture of a digit to the form of MNIST's images, as `LeCun`'s page describes it: light on
//! dark, scaled into a box of 20x20 with its aspect kept, and centred by mass in 28x28.

use image::imageops;
use image::{GrayImage, ImageBuffer, Luma};

use crate::PictureFault;
use crate::form::{Picture, scaled};
use choice::Reason;
use mask::{Bounds, Mask};

mod choice;
mod distance;
mod hull;
mod light;
mod mask;
mod relief;
mod rules;
mod sheet;
mod stroke;
mod window;

/// Values from 0 to 1, row by row.
type Plane = ImageBuffer<Luma<f32>, Vec<f32>>;

/// The side of MNIST's images, in pixels.
pub(crate) const SIDE: u32 = 28;
/// The side of the box within them that digits are scaled into, in pixels.
const BOX: u32 = 20;
/// The longer side that larger pictures are reduced to.
const WORKING_SIDE: u32 = 640;

/// A picture of one digit, of any size and polarity, in MNIST's form: `[28, 28]`, 0 is background and
/// 255 is ink. A picture that has this form stays as it is.
pub(crate) fn prepare(picture: GrayImage) -> Result<Picture, PictureFault> {
    if has_form(&picture) {
        return Ok(Picture {
            pixels: picture.into_raw(),
            inverted: false,
        });
    }
    let longer = picture.width().max(picture.height());
    let picture = if longer > WORKING_SIDE {
        scaled(&picture, WORKING_SIDE, WORKING_SIDE)
    } else {
        picture
    };
    let Paper {
        lit,
        even,
        sheet,
        inverted,
    } = paper(relief::smoothed(&relief::plane(&picture)));
    let relief = relief::relief(&even);
    let chosen =
        choice::choose(&relief, &lit, sheet.as_ref()).map_err(|reason| fault(reason, &picture))?;
    let drawn = stroke::drawn(&relief.depth, &chosen);
    let drawn = drawn.ok_or_else(|| fault(Reason::Nothing, &picture))?;
    let digit = scaled(&drawn, BOX, BOX);
    Ok(Picture {
        pixels: centred(&digit),
        inverted,
    })
}

/// Whether a picture has MNIST's form already, as an image of a set that was saved as a picture: of its size,
/// most of its border 0, and its centre of mass in the middle to within a pixel. So a run answers about its
/// own test images as they were evaluated.
fn has_form(picture: &GrayImage) -> bool {
    let last = SIDE - 1;
    if picture.dimensions() != (SIDE, SIDE) {
        return false;
    }
    let at_border = |x: u32, y: u32| x == 0 || y == 0 || x == last || y == last;
    let black = picture.enumerate_pixels();
    let black = black.filter(|(x, y, pixel)| at_border(*x, *y) && pixel.0[0] == 0);
    let [mass, across, down] = moments(picture);
    // Twice the mean position is the last place, in the middle.
    let is_central = |moment: u32| mass > 0 && (2 * moment).abs_diff(last * mass) <= 2 * mass;
    black.count() >= 3 * last as usize && is_central(across) && is_central(down)
}

/// What is drawn on, with dark ink.
struct Paper {
    /// As the picture has it.
    lit: Plane,
    /// With its light made even: 1 is paper.
    even: Plane,
    /// The sheet's pixels but for its edge, where it is not all of the picture.
    sheet: Option<Mask>,
    /// Whether the picture's ink is dark.
    inverted: bool,
}

/// The sheet of paper on a picture, or all of it where there is none.
fn paper(mut picture: Plane) -> Paper {
    if let Some(sheet) = sheet::sheet(&picture) {
        let bounds = sheet.bounds();
        let Bounds { left, top, .. } = bounds;
        let (width, height) = (bounds.width(), bounds.height());
        let lit = imageops::crop_imm(&picture, left, top, width, height).to_image();
        let soft_edge = (width.max(height) / 60).max(2);
        let inner = (0..soft_edge).fold(sheet.cropped(bounds), |sheet, _| sheet.eroded(false));
        let even = light::flattened(&lit, Some(&inner));
        return Paper {
            lit,
            even,
            sheet: Some(inner),
            inverted: true,
        };
    }
    let even = light::flattened(&picture, None);
    let inverted = !relief::is_light_on_dark(&even);
    if inverted {
        return Paper {
            lit: picture,
            even,
            sheet: None,
            inverted,
        };
    }
    picture.iter_mut().for_each(|value| *value = 1.0 - *value);
    Paper {
        even: light::flattened(&picture, None),
        lit: picture,
        sheet: None,
        inverted,
    }
}

/// Why a picture is refused.
fn fault(reason: Reason, picture: &GrayImage) -> PictureFault {
    let values = || picture.iter().copied();
    match reason {
        Reason::Nothing => PictureFault::NoInk {
            darkest: values().min().unwrap_or_default(),
            brightest: values().max().unwrap_or_default(),
        },
        Reason::Scattered => PictureFault::Scattered,
        Reason::Filled => PictureFault::Filled,
        Reason::Several(count) => PictureFault::Several(count),
        Reason::Joined => PictureFault::Joined,
        Reason::Diffuse => PictureFault::Diffuse,
        Reason::Small(side) => PictureFault::SmallDigit(side),
    }
}

/// Mass and its moments across and down.
fn moments(digit: &GrayImage) -> [u32; 3] {
    let mut sums = [0; 3];
    for (x, y, pixel) in digit.enumerate_pixels() {
        let value = u32::from(pixel.0[0]);
        sums[0] += value;
        sums[1] += value * x;
        sums[2] += value * y;
    }
    sums
}

/// Moves the centre of mass to the centre of the field, by whole pixels, as far as the box fits.
fn centred(digit: &GrayImage) -> Vec<u8> {
    let [mass, across, down] = moments(digit);
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
