//! Pictures from outside, in the form of a set's images: a network answers sensibly only about
//! pictures that look like those it was trained on.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{GenericImageView, GrayImage, Luma};
use serde::{Deserialize, Serialize};

use crate::error::open;
use crate::{Error, PictureFault, digit, picture};

/// How pictures are brought to the form of a set's images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureForm {
    /// `"digit"`: as MNIST's images were made (`LeCun`'s page describes it). The ink is found, made
    /// light on dark, scaled into a box of 20x20 with its aspect kept, and centred by mass in 28x28.
    Digit,
    /// `"plain"`: grey, scaled with its aspect kept until it fits the set's rows and columns, and
    /// centred on black. Brightness stays as it is: a picture must be light on dark where the
    /// set's images are.
    Plain,
}

/// A picture in the form of a set's images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `[row, column]`, 0 is black.
    pub pixels: Vec<u8>,
    /// Whether dark on light was turned into light on dark.
    pub inverted: bool,
}

/// Reads a PNG or JPEG picture of any size in the form of a set's images, `rows` x `columns`.
///
/// # Errors
/// When the file is no PNG or JPEG, is damaged, or is beyond the limits that this crate's constants
/// name; as [`PictureForm::Digit`], when nothing stands out from its background, or when the set's
/// images are not 28x28.
pub fn read_picture(
    path: &Path,
    form: PictureForm,
    rows: usize,
    columns: usize,
) -> Result<Picture, Error> {
    let file = open(path)?;
    let prepare = || match form {
        PictureForm::Digit if [rows, columns] != [digit::SIDE as usize; 2] => {
            Err(PictureFault::DigitSize { rows, columns })
        }
        PictureForm::Digit => digit::prepare(picture::decode(file)?),
        PictureForm::Plain => plain(&picture::decode(file)?, rows, columns),
    };
    prepare().map_err(|fault| Error::Picture {
        path: path.to_owned(),
        fault,
    })
}

fn plain(picture: &GrayImage, rows: usize, columns: usize) -> Result<Picture, PictureFault> {
    let [width, height] = [columns, rows].map(|side| u32::try_from(side).ok());
    let (Some(width @ 1..), Some(height @ 1..)) = (width, height) else {
        return Err(PictureFault::NoSize { rows, columns });
    };
    let scaled = scaled(picture, width, height);
    let mut field = GrayImage::new(width, height);
    // Of an odd number of black rows or columns the larger half comes after the picture.
    let [left, top] = [width - scaled.width(), height - scaled.height()].map(|rest| rest / 2);
    imageops::replace(&mut field, &scaled, left.into(), top.into());
    Ok(Picture {
        pixels: field.into_raw(),
        inverted: false,
    })
}

/// The largest picture of the same aspect within `width` x `height`; at least one pixel wide and high.
pub(crate) fn scaled(
    picture: &impl GenericImageView<Pixel = Luma<u8>>,
    width: u32,
    height: u32,
) -> GrayImage {
    let [across, down] = [picture.width(), picture.height()].map(u64::from);
    let [limit_across, limit_down] = [width, height].map(u64::from);
    // Rounded to the nearest.
    let side = |side: u64, limit: u64, of: u64| {
        u32::try_from((side * limit + of / 2) / of)
            .unwrap_or(u32::MAX)
            .max(1)
    };
    let (width, height) = if across * limit_down >= down * limit_across {
        (width, side(down, limit_across, across))
    } else {
        (side(across, limit_down, down), height)
    };
    // A triangle as wide as the reduction averages areas.
    imageops::resize(picture, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, pixels: &[u8]) -> GrayImage {
        GrayImage::from_vec(width, height, pixels.to_vec()).unwrap()
    }

    #[test]
    fn plain_pictures_keep_aspect_and_brightness() {
        #[rustfmt::skip]
        let cases: [(GrayImage, [usize; 2], &[u8]); 5] = [
            // As it is.
            (picture(2, 2, &[1, 2, 3, 4]), [2, 2], &[1, 2, 3, 4]),
            // Wide: one black row above, two below.
            (picture(2, 1, &[9, 9]), [4, 2], &[0, 0, 9, 9, 0, 0, 0, 0]),
            // High: black columns on both sides.
            (picture(1, 3, &[5, 6, 7]), [3, 3], &[0, 5, 0, 0, 6, 0, 0, 7, 0]),
            // White stays white, and what is larger is averaged.
            (GrayImage::from_pixel(60, 60, Luma([255])), [2, 2], &[255; 4]),
            (GrayImage::from_pixel(1, 5000, Luma([80])), [2, 3], &[0, 80, 0, 0, 80, 0]),
        ];
        for (picture, [rows, columns], expected) in cases {
            let prepared = plain(&picture, rows, columns).unwrap();
            assert_eq!(prepared.pixels, expected, "{rows}x{columns}");
            assert!(!prepared.inverted);
        }
    }

    #[test]
    fn each_form_says_what_it_cannot_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grey.png");
        picture(2, 1, &[3, 250]).save(&path).unwrap();
        for (form, rows, columns, expected) in [
            (PictureForm::Digit, 32, 28, "the images here are 32x28"),
            (PictureForm::Plain, 0, 28, "0x28"),
        ] {
            let error = read_picture(&path, form, rows, columns)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(expected) && error.contains("grey.png"),
                "{error}"
            );
        }
        let read = read_picture(&path, PictureForm::Plain, 3, 2).unwrap();
        assert_eq!(read.pixels, [0, 0, 3, 250, 0, 0]);
    }

    #[test]
    fn records_spell_it_in_lower_case() {
        for (form, text) in [
            (PictureForm::Digit, "\"digit\""),
            (PictureForm::Plain, "\"plain\""),
        ] {
            assert_eq!(serde_json::to_string(&form).unwrap(), text);
            assert_eq!(serde_json::from_str::<PictureForm>(text).unwrap(), form);
        }
    }
}
