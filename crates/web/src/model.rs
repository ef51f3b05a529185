//! A model in memory: pictures to classes and probabilities.

use graft_dataset::{Picture, decode_picture};
use graft_winograd::{Layer, Stack};
use serde::Serialize;

use crate::Error;
use crate::file::{About, File};
use crate::head::{Head, softmax};

/// A trained model, loaded to classify pictures.
#[derive(Debug)]
pub struct Model {
    about: About,
    stack: Stack,
    head: Head,
}

/// What a model makes of one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The class with the largest probability.
    pub class: usize,
    /// Its name.
    pub name: String,
    /// The probability of every class.
    pub probabilities: Vec<f64>,
    /// What the model saw, `[row][column]`, or `[row][column, channel]` in colour: 0 is black.
    pub pixels: Vec<Vec<u8>>,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Whether dark ink on light paper was turned around.
    pub inverted: bool,
}

impl Model {
    /// The model in the file that [`to_bytes`](crate::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are no such file, or its tensors do not fit each other.
    pub fn from_bytes(file: &[u8]) -> Result<Self, Error> {
        let file = File::open(file)?;
        let model = Self {
            stack: Stack::new(layers(&file)?)?,
            head: Head::read(&file, file.about.classes.len())?,
            about: file.about,
        };
        // Whether all parts fit each other; and the weights are transformed before the first picture comes.
        model.logits(&vec![0; model.about.images().bytes()])?;
        Ok(model)
    }

    /// What it is, beside its weights.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What the model makes of a picture: the bytes of a file, of any size and format that is read.
    ///
    /// # Errors
    /// [`Error::Picture`] when the picture cannot be brought to the form of the images that the model was
    /// trained on.
    pub fn predict(&self, picture: &[u8]) -> Result<Prediction, Error> {
        let images = self.about.images();
        let Picture { pixels, inverted } = decode_picture(picture, self.about.pictures, images)?;
        let (class, probabilities) = self.probabilities(&pixels)?;
        Ok(Prediction {
            class,
            name: self.about.classes[class].clone(),
            probabilities,
            pixels: pixels
                .chunks(images.columns * images.channels)
                .map(<[u8]>::to_vec)
                .collect(),
            channels: images.channels,
            inverted,
        })
    }

    /// The class of an image, `[row, column, channel]`, and the probability of every class.
    ///
    /// # Errors
    /// When the image has another form than those that the model was trained on.
    pub fn probabilities(&self, image: &[u8]) -> Result<(usize, Vec<f64>), Error> {
        Ok(softmax(&self.logits(image)?))
    }

    fn logits(&self, image: &[u8]) -> Result<Vec<f64>, Error> {
        let About {
            rows,
            columns,
            preprocessing,
            ..
        } = &self.about;
        let mut values = vec![0.0; preprocessing.values_per_image()];
        preprocessing.apply(image, *rows, *columns, &mut values)?;
        let size = preprocessing.size;
        self.head
            .logits(&self.stack.run_alone(&values, size, size)?)
    }
}

/// The convolutions of all stages, first to last.
fn layers(file: &File) -> Result<Vec<Layer>, Error> {
    let name = |stage: usize, number: usize, part| format!("stage{stage}.conv2d{number}.{part}");
    let is_there = |stage, number| file.has(&name(stage, number, "weight"));
    let mut layers = Vec::new();
    for stage in (1..).take_while(|stage| is_there(*stage, 1)) {
        for number in (1..).take_while(|number| is_there(stage, *number)) {
            let (weight, [output, input, ..]) = file.get::<4>(&name(stage, number, "weight"))?;
            let (bias, [_]) = file.get(&name(stage, number, "bias"))?;
            let pool = !is_there(stage, number + 1);
            layers.push(Layer::new(&weight, &bias, [input, output], pool)?);
        }
    }
    Ok(layers)
}
