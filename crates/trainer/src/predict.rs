//! Pictures to classes and probabilities.

use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use graft_dataset::{
    ImageBatch, ImageForm, ImageSet, Picture, PictureForm, ResizeMode, read_picture,
};
use graft_report::record::Data;
use graft_report::{argmax, softmax};
use serde::Serialize;

use crate::Error;
use crate::sources::Sources;
use crate::trainable::Trainable;
use graft_compute::ComputeContext;
use graft_compute::read;
use graft_recipe::MNIST;
use graft_runs::Run;

/// What a run makes of one picture.
#[derive(Debug, Serialize)]
pub struct Prediction {
    /// The picture.
    pub image: PathBuf,
    /// The class with the largest probability.
    pub class: usize,
    /// Its name; its number where it has none.
    pub name: String,
    /// The probability of every class.
    pub probabilities: Vec<f64>,
    /// Whether dark ink on light paper was turned around.
    pub inverted: bool,
    /// What the model saw, `[row][column]`, or `[row][column, channel]` in colour: 0 is black.
    pub pixels: Vec<Vec<u8>>,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
}

/// Classifies `pictures`, PNG or JPEG of any size, with `run`, and hands each result to `on_picture` in
/// order. They are brought to the form of the images that the run was trained on, as its record has it.
///
/// # Errors
/// When the run or its weights are not what they were, or the device or `on_picture` fails. A picture
/// that cannot be read in that form stops nothing: its error goes to `on_picture`.
pub fn predict(
    run: &Run,
    pictures: &[PathBuf],
    compute: &ComputeContext,
    sources: &mut Sources,
    mut on_picture: impl FnMut(&Path, Result<Prediction, graft_dataset::Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let data = &run.manifest().data;
    let recipe = run.recipe()?;
    let same = run.manifest().pictures.as_deref() == Some(SAME);
    let form = form(data, recipe.preprocessing.fit);
    let kind = match run.manifest().pictures.as_deref() {
        Some(DIGIT) => PictureForm::Digit,
        None if data.is_mnist() => PictureForm::Digit,
        _ => PictureForm::Plain,
    };
    let prepared = |path: &Path| {
        if same {
            let (pixels, inverted) = (form.read(path)?, false);
            return Ok(Picture { pixels, inverted });
        }
        read_picture(path, kind, data.rows, data.columns)
    };
    let device = &compute.device;
    let module = Trainable::of_run(run, &recipe, compute)?;
    let loaded = sources.backbone(compute, recipe.backbone)?;
    run.check_weights(&loaded.hashes)?;
    let predict = |image: &Path, picture: &Picture| {
        let mut values = vec![0.0; recipe.preprocessing.values_per_image()];
        recipe
            .preprocessing
            .apply(&picture.pixels, data.rows, data.columns, &mut values)?;
        let side = recipe.preprocessing.size;
        let features = loaded.frozen.forward_alone(ImageBatch {
            values,
            shape: [1, 3, side, side],
        })?;
        let features = TensorData::new(features.clone(), [1, features.len()]);
        let logits = compute.backend.guarded(|| {
            Ok::<_, Error>(read(module.forward(Tensor::from_data(features, device))?)?)
        })??;
        let rows = picture.pixels.chunks(data.columns * data.channels);
        Ok::<_, Error>(Prediction {
            image: image.to_owned(),
            class: argmax(&logits),
            name: data.name(argmax(&logits)),
            probabilities: softmax(&logits),
            inverted: picture.inverted,
            pixels: rows.map(<[u8]>::to_vec).collect(),
            channels: data.channels,
        })
    };
    for image in pictures {
        match prepared(image) {
            Ok(picture) => on_picture(image, Ok(predict(image, &picture)?))?,
            Err(error) => on_picture(image, Err(error))?,
        }
    }
    Ok(())
}

/// How the record names the two forms of [`PictureForm`].
const DIGIT: &str = "digit";
const PLAIN: &str = "plain";
/// Pictures are brought to the form of a set that was made of pictures just as those were.
const SAME: &str = "same";

/// The form of a run's images, where pictures are fitted by `fit`.
#[must_use]
pub fn form(data: &Data, fit: ResizeMode) -> ImageForm {
    ImageForm {
        rows: data.rows,
        columns: data.columns,
        channels: data.channels,
        fit,
    }
}

/// How many images tell what a set is like.
const LOOKED_AT: usize = 1000;

/// The form of pictures for a run on these images. Where they are MNIST's, or made as those are, pictures
/// are brought to their form as digits: MNIST's digits lie in a box of 20x20 within 28x28, so that next
/// to none has ink at the edge.
pub(crate) fn picture_form(source: &str, images: &ImageSet) -> &'static str {
    if !images.names().is_empty() {
        return SAME;
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
        DIGIT
    } else {
        PLAIN
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
            ("mnist", 28, 0, DIGIT),
            ("own", 28, 0, DIGIT),
            // Clothes fill their images.
            ("own", 28, 1, PLAIN),
            ("own", 28, 50, PLAIN),
            ("own", 32, 0, PLAIN),
        ] {
            let found = picture_form(source, &set(side, touching));
            assert_eq!(found, expected, "{source}, {side}, {touching}");
        }
        let names = [(PictureForm::Digit, DIGIT), (PictureForm::Plain, PLAIN)];
        for (form, name) in names {
            assert_eq!(serde_json::to_string(&form).unwrap(), format!("\"{name}\""));
        }
    }
}
