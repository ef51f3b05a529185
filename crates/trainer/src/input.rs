//! How pictures become images of a run: found out when a run is trained, and done the same way whenever its
//! model is used.

use std::path::Path;

use graft_dataset::{
    ImageForm, ImageSet, Picture, PictureFault, PictureForm, ResizeMode, decode_picture,
    read_picture,
};
use graft_recipe::MNIST;
use graft_report::record::{Data, Manifest};

/// How pictures become images of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// How a picture is brought to their form.
    pub pictures: PictureForm,
    /// The form of the run's images.
    pub images: ImageForm,
}

impl Input {
    /// As a run's record has it, whose recipe fits pictures by `fit`.
    #[must_use]
    pub fn of(manifest: &Manifest, fit: ResizeMode) -> Self {
        let (data, recorded) = (&manifest.data, manifest.pictures.as_deref());
        let named = |form: &PictureForm| recorded == Some(name(*form));
        let first = if recorded.is_none() && data.is_mnist() {
            PictureForm::Digit
        } else {
            PictureForm::Plain
        };
        Self {
            pictures: FORMS.into_iter().find(named).unwrap_or(first),
            images: image_form(data, fit),
        }
    }

    /// The picture in the file `path` as an image of the run.
    ///
    /// # Errors
    /// As [`read_picture`].
    pub fn read(&self, path: &Path) -> Result<Picture, graft_dataset::Error> {
        read_picture(path, self.pictures, self.images)
    }

    /// The same from the bytes of a file.
    ///
    /// # Errors
    /// As [`decode_picture`].
    pub fn decode(&self, picture: &[u8]) -> Result<Picture, PictureFault> {
        decode_picture(picture, self.pictures, self.images)
    }
}

/// The form of a run's images, where pictures are fitted by `fit`.
#[must_use]
pub fn image_form(data: &Data, fit: ResizeMode) -> ImageForm {
    ImageForm {
        rows: data.rows,
        columns: data.columns,
        channels: data.channels,
        fit,
    }
}

const FORMS: [PictureForm; 3] = [PictureForm::Digit, PictureForm::Plain, PictureForm::Same];

/// How records name it.
pub(crate) fn name(form: PictureForm) -> &'static str {
    match form {
        PictureForm::Digit => "digit",
        PictureForm::Plain => "plain",
        PictureForm::Same => "same",
    }
}

/// How many images tell what a set is like.
const LOOKED_AT: usize = 1000;

/// The form of pictures for a run on these images. Where they are MNIST's, or made as those are, pictures
/// are brought to their form as digits: MNIST's digits lie in a box of 20x20 within 28x28, so that next
/// to none has ink at the edge.
pub(crate) fn picture_form(source: &str, images: &ImageSet) -> PictureForm {
    if !images.names().is_empty() {
        return PictureForm::Same;
    }
    let (rows, columns) = (images.rows(), images.columns());
    let at_edge = |place: usize| {
        let (row, column) = (place / columns, place % columns);
        row == 0 || column == 0 || row + 1 == rows || column + 1 == columns
    };
    let has_ink = |index: &usize| {
        let mut pixels = images.image(*index).iter().enumerate();
        pixels.any(|(place, value)| *value > 0 && at_edge(place))
    };
    let looked_at = images.len().min(LOOKED_AT);
    let touching = (0..looked_at).filter(has_ink).count();
    let are_digits = [rows, columns] == [28; 2] && 100 * touching <= looked_at;
    if source == MNIST || are_digits {
        PictureForm::Digit
    } else {
        PictureForm::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifty images of so many pixels a side, `touching` of which have ink at the edge.
    fn set(side: usize, touching: usize) -> ImageSet {
        let mut pixels = vec![0; 50 * side * side];
        for (index, image) in pixels.chunks_exact_mut(side * side).enumerate() {
            image[side * side / 2 + side / 2] = 255;
            image[side * side - 1] = u8::from(index < touching);
        }
        ImageSet::new(side, side, pixels, vec![0; 50], 10).unwrap()
    }

    #[test]
    fn images_made_as_mnist_s_take_pictures_of_digits() {
        for (source, side, touching, expected) in [
            ("mnist", 28, 0, PictureForm::Digit),
            ("own", 28, 0, PictureForm::Digit),
            // Clothes fill their images.
            ("own", 28, 1, PictureForm::Plain),
            ("own", 28, 50, PictureForm::Plain),
            ("own", 32, 0, PictureForm::Plain),
        ] {
            let found = picture_form(source, &set(side, touching));
            assert_eq!(found, expected, "{source}, {side}, {touching}");
        }
    }

    #[test]
    fn records_name_a_form_as_json_does() {
        for form in FORMS {
            let json = serde_json::to_string(&form).unwrap();
            assert_eq!(json, format!("\"{}\"", name(form)));
        }
    }
}
