//! Pictures to classes and probabilities.

use std::path::PathBuf;

use burn::tensor::{Tensor, TensorData};
use graft_dataset::{ImageBatch, Picture, PictureForm, read_picture};
use graft_report::{argmax, softmax};
use serde::Serialize;

use crate::Error;
use crate::sources::Sources;
use crate::trainable::Trainable;
use graft_compute::ComputeContext;
use graft_compute::read;
use graft_runs::Run;

/// What a run makes of one picture.
#[derive(Debug, Serialize)]
pub struct Prediction {
    /// The picture.
    pub image: PathBuf,
    /// The class with the largest probability.
    pub class: usize,
    /// The probability of every class.
    pub probabilities: Vec<f64>,
    /// Whether dark ink on light paper was turned around.
    pub inverted: bool,
}

/// Classifies `pictures`, PNG or JPEG of any size, with `run`. They are brought to the form of the images
/// that the run's record names: as digits where these are MNIST's, otherwise plainly.
///
/// # Errors
/// When a picture cannot be read in that form, the run or its weights are not what they were, or the
/// device fails.
pub fn predict(
    run: &Run,
    pictures: &[PathBuf],
    compute: &ComputeContext,
    sources: &mut Sources,
) -> Result<Vec<Prediction>, Error> {
    let data = &run.manifest().data;
    let form = if data.is_mnist() {
        PictureForm::Digit
    } else {
        PictureForm::Plain
    };
    let prepared = pictures
        .iter()
        .map(|path| read_picture(path, form, data.rows, data.columns))
        .collect::<Result<Vec<_>, _>>()?;
    let device = &compute.device;
    let recipe = run.recipe()?;
    let module = Trainable::of_run(run, &recipe, device)?;
    let loaded = sources.backbone(compute, recipe.backbone)?;
    run.check_weights(&loaded.hashes)?;
    let predict = |(picture, prepared): (&PathBuf, &Picture)| {
        let mut values = vec![0.0; recipe.preprocessing.values_per_image()];
        recipe
            .preprocessing
            .apply(&prepared.pixels, data.rows, data.columns, &mut values)?;
        let side = recipe.preprocessing.size;
        let features = loaded.frozen.forward(ImageBatch {
            values,
            shape: [1, 3, side, side],
        })?;
        let width = features.len();
        let features = Tensor::<2>::from_data(TensorData::new(features, [1, width]), device);
        let logits = read(module.forward(features))?;
        Ok(Prediction {
            image: picture.clone(),
            class: argmax(&logits),
            probabilities: softmax(&logits),
            inverted: prepared.inverted,
        })
    };
    pictures.iter().zip(&prepared).map(predict).collect()
}
