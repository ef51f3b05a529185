//! Pictures from outside, in the form of a set's images: a network answers sensibly only about
//! pictures that look like those it was trained on.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{GenericImageView, GrayImage, Luma};
use serde::{Deserialize, Serialize};

use crate::error::open;
use crate::image_form::inside;
use crate::{Error, ImageForm, PictureFault, ResizeMode, digit, picture};

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
    /// `"same"`: as the set's images, which were made of pictures.
    Same,
}

/// A picture in the form of a set's images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `[row, column]`, or `[row, column, channel]` in colour: 0 is black.
    pub pixels: Vec<u8>,
    /// Whether dark on light was turned into light on dark.
    pub inverted: bool,
}

/// Reads a picture of any size in the form of a set's `images`; see [`decode_picture`].
///
/// # Errors
/// When the file cannot be opened, and those of [`decode_picture`], with the file's name.
pub fn read_picture(path: &Path, form: PictureForm, images: ImageForm) -> Result<Picture, Error> {
    let file = open(path)?;
    let read = || decode_picture(&picture::read(file)?, form, images);
    read().map_err(|fault| Error::Picture {
        path: path.to_owned(),
        fault,
    })
}

/// A picture of any size, from the bytes of its file, in the form of a set's `images`.
///
/// # Errors
/// When the bytes are no picture, are damaged, or are beyond the limits that this crate's constants
/// name; as [`PictureForm::Digit`], when nothing stands out from its background, or when the set's
/// images are not 28x28.
pub fn decode_picture(
    bytes: &[u8],
    form: PictureForm,
    images: ImageForm,
) -> Result<Picture, PictureFault> {
    let ImageForm { rows, columns, .. } = images;
    let as_it_is = |pixels| Picture {
        pixels,
        inverted: false,
    };
    match form {
        PictureForm::Digit if [rows, columns] != [digit::SIDE as usize; 2] => {
            Err(PictureFault::DigitSize { rows, columns })
        }
        PictureForm::Digit => digit::prepare(picture::decode(bytes)?),
        PictureForm::Plain => {
            let form = ImageForm {
                channels: 1,
                fit: ResizeMode::Pad,
                ..images
            };
            Ok(as_it_is(form.image(picture::decode(bytes)?.into())?))
        }
        PictureForm::Same => Ok(as_it_is(images.image(picture::open(bytes)?)?)),
    }
}

/// The largest picture of the same aspect within `width` x `height`.
pub(crate) fn scaled(
    picture: &impl GenericImageView<Pixel = Luma<u8>>,
    width: u32,
    height: u32,
) -> GrayImage {
    let size = [picture.width(), picture.height()];
    let [width, height] = inside(size, [width, height]);
    // A triangle as wide as the reduction averages areas.
    imageops::resize(picture, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey_of(rows: usize, columns: usize) -> ImageForm {
        ImageForm {
            rows,
            columns,
            ..ImageForm::MNIST
        }
    }

    #[test]
    fn each_form_says_what_it_cannot_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grey.png");
        let grey = GrayImage::from_vec(2, 1, vec![3, 250]).unwrap();
        grey.save(&path).unwrap();
        for (form, rows, columns, expected) in [
            (PictureForm::Digit, 32, 28, "the images here are 32x28"),
            (PictureForm::Plain, 0, 28, "0x28"),
        ] {
            let error = read_picture(&path, form, grey_of(rows, columns))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(expected) && error.contains("grey.png"),
                "{error}"
            );
        }
        let read = read_picture(&path, PictureForm::Plain, grey_of(3, 2)).unwrap();
        assert_eq!(read.pixels, [0, 0, 3, 250, 0, 0]);
    }

    #[test]
    fn records_spell_it_in_lower_case() {
        for (form, text) in [
            (PictureForm::Digit, "\"digit\""),
            (PictureForm::Plain, "\"plain\""),
            (PictureForm::Same, "\"same\""),
        ] {
            assert_eq!(serde_json::to_string(&form).unwrap(), text);
            assert_eq!(serde_json::from_str::<PictureForm>(text).unwrap(), form);
        }
    }
}
