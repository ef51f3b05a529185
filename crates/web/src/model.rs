//! A model in memory: pictures to classes and probabilities.

use graft_dataset::{Picture, Preprocessing, decode_picture};
use graft_winograd::{Layer, Stack};
use serde::Serialize;

use crate::Error;
use crate::familiarity::{ClassMeans, Familiarity};
use crate::file::{About, File, Tensors};
use crate::head::{Head, softmax};

/// A trained model, loaded to classify pictures.
#[derive(Debug)]
pub struct Model {
    about: About,
    stack: Stack,
    /// Of the maps at the boundary.
    channels: usize,
    head: Head,
    means: Option<ClassMeans>,
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
    /// Where the class was seen; none where the maps at the boundary have one place only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cam: Option<ActivationMap>,
    /// Whether it is of any class; none for a run that kept no mean features of the classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<Familiarity>,
}

/// A class activation map: what each place of the picture adds to the logit of the class more than to the mean of
/// all logits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivationMap {
    /// `[row][column]`
    pub values: Vec<Vec<f64>>,
    /// Top, left, height and width of the map in pixels of what the model saw; padding lies outside of it.
    pub area: [f64; 4],
}

impl ActivationMap {
    /// The map of `class`, for `features` of so many channels of an image of `rows` x `columns` pixels.
    #[must_use]
    pub fn of(
        head: &Head,
        (features, channels): (&[f32], usize),
        class: usize,
        (preprocessing, [rows, columns]): (&Preprocessing, [usize; 2]),
    ) -> Option<Self> {
        let side = (features.len() / channels).isqrt();
        // Each pool halves the sides, and leaves out what is odd.
        let pixels = side << (preprocessing.size / side.max(1)).checked_ilog2()?;
        (side > 1).then(|| Self {
            values: head.contributions(features, class, side),
            area: preprocessing.area([rows, columns], pixels),
        })
    }
}

impl Model {
    /// The model in the file that [`to_bytes`](crate::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are no such file, or its tensors do not fit each other.
    pub fn from_bytes(file: &[u8]) -> Result<Self, Error> {
        let file = File::open(file)?;
        let stack = Stack::new(layers(&file.tensors)?)?;
        let model = Self {
            channels: stack.layers().last().map_or(1, |last| last.channels()[1]),
            stack,
            means: ClassMeans::read(&file.tensors)?,
            head: Head::read(&file.tensors, file.about.classes.len())?,
            about: file.about,
        };
        // Whether all parts fit each other; and the weights are transformed before the first picture comes.
        model.probabilities(&vec![0; model.about.images().bytes()])?;
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
        let features = self.features(&pixels)?;
        let (class, probabilities) = softmax(&self.head.logits(&features)?);
        let sides = [images.rows, images.columns];
        let prepared = (&self.about.preprocessing, sides);
        Ok(Prediction {
            familiarity: (self.means.as_ref()).map(|means| means.familiarity(&features)),
            cam: ActivationMap::of(&self.head, (&features, self.channels), class, prepared),
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
        Ok(softmax(&self.head.logits(&self.features(image)?)?))
    }

    /// The maps at the boundary, flattened.
    fn features(&self, image: &[u8]) -> Result<Vec<f32>, Error> {
        let About {
            rows,
            columns,
            preprocessing,
            ..
        } = &self.about;
        let mut values = vec![0.0; preprocessing.values_per_image()];
        preprocessing.apply(image, *rows, *columns, &mut values)?;
        let size = preprocessing.size;
        Ok(self.stack.run_alone(&values, size, size)?)
    }
}

/// The convolutions of all stages, first to last.
fn layers(file: &Tensors) -> Result<Vec<Layer>, Error> {
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
