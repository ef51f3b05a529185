//! A complete run as a model in memory: pictures to classes and probabilities.

use burn::tensor::{Tensor, TensorData};
use graft_compute::{ComputeContext, LoadedBackbone, read};
use graft_dataset::{Augmentation, ImageBatch, Picture, Preprocessing};
use graft_report::record::{Data, HEAD};
use graft_report::{argmax, softmax};
use graft_runs::Run;
use graft_web::{ActivationMap, ClassMeans, Head, Prediction};

use crate::Error;
use crate::familiarity;
use crate::input::Input;
use crate::sources::Sources;
use crate::trainable::Trainable;

/// A complete run, loaded to classify pictures.
///
/// ```no_run
/// use graft_compute::{Backend, ComputeContext, device::Wanted};
/// use graft_environment::Paths;
/// use graft_runs::Run;
/// use graft_trainer::{Model, sources::Sources};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let paths = Paths::find()?;
/// let run = Run::open(&paths.runs(), None)?; // the newest complete one
/// let backend = Backend::preferred();
/// let compute = ComputeContext::new(backend, None, Wanted::default(), &paths.kernels())?;
/// let model = Model::load(&run, &compute, &mut Sources::new(&paths, false, None)?)?;
///
/// let prediction = model.predict(&std::fs::read("three.png")?)?;
/// let probability = prediction.probabilities[prediction.class];
/// println!("{} with probability {probability}", prediction.name);
/// # Ok(())
/// # }
/// ```
pub struct Model {
    data: Data,
    input: Input,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    loaded: LoadedBackbone,
    module: Trainable,
    /// The module's, to look into.
    head: Head,
    means: Option<ClassMeans>,
    /// Of the maps at the boundary.
    channels: usize,
    of_head: ComputeContext,
}

impl Model {
    /// Loads what `run` kept, and the backbone that it was trained on.
    ///
    /// # Errors
    /// When the run or its weights are not what they were, or cannot be had, or the device fails.
    pub fn load(run: &Run, compute: &ComputeContext, sources: &mut Sources) -> Result<Self, Error> {
        let recipe = run.recipe()?;
        let of_head = compute.of_head(recipe.backbone);
        let module = Trainable::of_run(run, &recipe, &of_head)?;
        let loaded = sources.backbone(compute, recipe.backbone)?;
        run.check_weights(&loaded.hashes)?;
        let (network, size) = (recipe.backbone.network, recipe.preprocessing.size);
        let [channels, ..] = network.feature_shape(recipe.backbone.boundary, size, size)?;
        Ok(Self {
            means: familiarity::of_run(run)?,
            head: Head::from_bytes(&run.file(HEAD)?, run.manifest().data.classes)?,
            channels,
            data: run.manifest().data.clone(),
            input: Input::of(run.manifest(), recipe.preprocessing.fit),
            preprocessing: recipe.preprocessing,
            augmentation: recipe.augmentation,
            loaded,
            module,
            of_head,
        })
    }

    /// How pictures become images of the run.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// The name of every class; its number where it has none.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        self.data.all_names()
    }

    /// What the model makes of one picture: the bytes of a file, of any size and format that is read.
    ///
    /// # Errors
    /// [`Error::Picture`] when the picture cannot be brought to the form of the run's images; otherwise
    /// when the device fails.
    pub fn predict(&self, picture: &[u8]) -> Result<Prediction, Error> {
        self.classify(&self.input.decode(picture)?)
    }

    /// What the model makes of one picture that is in the form of the run's images.
    ///
    /// On the CPU the same picture gets the same bits, whatever was classified before it and on any number
    /// of threads.
    ///
    /// # Errors
    /// When the picture has another form, or the device fails.
    pub fn classify(&self, picture: &Picture) -> Result<Prediction, Error> {
        let (features, logits) = self.features_and_logits(&picture.pixels)?;
        Ok(self.prediction(picture, &features, &logits))
    }

    /// View `number` (from 1; 0 is the image itself) of one image, by the run's own ranges.
    pub(crate) fn view(&self, pixels: &[u8], number: usize) -> Vec<u8> {
        let size = [self.data.rows, self.data.columns, self.data.channels];
        self.augmentation.test_view(pixels, size, number)
    }

    /// The prediction for a picture with these features at the boundary, by these logits.
    pub(crate) fn prediction(
        &self,
        picture: &Picture,
        features: &[f32],
        logits: &[f32],
    ) -> Prediction {
        let row = self.data.columns * self.data.channels;
        let class = argmax(logits);
        let image = (&self.preprocessing, [self.data.rows, self.data.columns]);
        Prediction {
            familiarity: (self.means.as_ref()).map(|means| means.familiarity(features)),
            cam: ActivationMap::of(&self.head, (features, self.channels), class, image),
            class,
            name: self.data.name(class),
            probabilities: softmax(logits),
            inverted: picture.inverted,
            pixels: picture.pixels.chunks(row).map(<[u8]>::to_vec).collect(),
            channels: self.data.channels,
        }
    }

    /// The features at the cut of one picture that is in the form of the run's images, as
    /// [`TrainingSet::nearest`](crate::TrainingSet::nearest) takes them.
    ///
    /// # Errors
    /// As [`Model::classify`].
    pub fn features(&self, picture: &Picture) -> Result<Vec<f32>, Error> {
        self.at_cut(&picture.pixels)
    }

    /// A logit for every class of one image, `[row, column, channel]`: those of [`Model::classify`].
    ///
    /// # Errors
    /// As [`Model::classify`].
    pub fn logits(&self, pixels: &[u8]) -> Result<Vec<f32>, Error> {
        Ok(self.features_and_logits(pixels)?.1)
    }

    /// One image, `[row, column, channel]`, to its features at the boundary and a logit for every class.
    pub(crate) fn features_and_logits(&self, pixels: &[u8]) -> Result<(Vec<f32>, Vec<f32>), Error> {
        let features = self.at_cut(pixels)?;
        let shape = [1, features.len()];
        let features = TensorData::new(features, shape);
        let forward = || {
            let features = Tensor::from_data(features, &self.of_head.device);
            let features = self.module.at_boundary(features)?;
            let logits = read(self.module.head.forward(features.clone()))?;
            Ok::<_, Error>((read(features)?, logits))
        };
        self.of_head.backend.guarded(forward)?
    }

    fn at_cut(&self, pixels: &[u8]) -> Result<Vec<f32>, Error> {
        let (side, rows, columns) = (self.preprocessing.size, self.data.rows, self.data.columns);
        let mut values = vec![0.0; self.preprocessing.values_per_image()];
        self.preprocessing
            .apply(pixels, rows, columns, &mut values)?;
        let image = ImageBatch {
            values,
            shape: [1, 3, side, side],
        };
        Ok(self.loaded.frozen.forward_alone(image)?)
    }
}
