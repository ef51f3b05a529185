//! A recipe: everything that decides what a training run does. Every run is a recipe plus
//! overrides, and the defaults are those of `recipes/seed.toml`.

mod check;
mod dtype;
mod error;
#[cfg(test)]
mod mutations;
mod name;
mod overlay;
mod precision;
mod read;
mod schedule;
mod single;

use std::fmt;

pub use dtype::Dtype;
pub use error::RecipeError;
use graft_dataset::{Augmentation, Holdout, ImageSet, Preprocessing};
use graft_network::{Boundary, Network, Unfreeze};
pub use name::recipe_name;
pub use precision::Precision;
pub use read::find;
pub use schedule::Schedule;
use serde::{Deserialize, Serialize};

/// The data source that is fetched; any other is a folder.
pub const MNIST: &str = "mnist";

/// The seed recipe as text, with the default of every key and a comment.
pub const SEED: &str = include_str!("../../../recipes/seed.toml");

/// A complete recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Which images, and which of them are held out.
    pub data: Data,
    /// How an image becomes the backbone's input.
    pub preprocessing: Preprocessing,
    /// How views of training images differ from them.
    pub augmentation: Augmentation,
    /// Where the features are taken.
    pub backbone: Backbone,
    /// What is grafted on.
    pub head: Head,
    /// How the head learns.
    pub training: Training,
}

/// Which images, and which of them are held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// `mnist`; a folder with four IDX files of MNIST's names; a folder of pictures by class; or a table of
    /// pictures.
    pub source: String,
    /// How many classes the labels tell apart; those of pictures are counted.
    pub classes: usize,
    /// Use only the first so many images of each file, or so many pictures spread over the classes; 0 uses
    /// all.
    pub limit: usize,
    /// Train on so many images of each class, and on all that are not held out where it is 0. Validation and
    /// test images stay what they are.
    pub per_class: usize,
    /// Training images held out for validation, of pictures at most a tenth; 0 trains on all of them. Where
    /// the source has validation pictures, it is these.
    pub validation: usize,
    /// The share of its training pictures that a source without test pictures gives to the test.
    pub test_share: f64,
    /// Decides which pictures these are, which `limit` leaves, and which images `per_class` takes.
    pub split_seed: u64,
    /// What the names of IDX files begin with, such as EMNIST's `emnist-letters`.
    pub prefix: String,
    /// Whether IDX images have rows and columns exchanged, as EMNIST's.
    pub transpose: bool,
    /// More pictures: a folder of pictures by class, or a table of pictures; empty where there are none. Their
    /// form is that of the images of `source`, and classes that these do not have come behind theirs.
    pub extra: String,
    /// A table of verdicts on labels of training images, as `graft audit` writes it; empty where there is none.
    pub labels: String,
}

/// Where the features are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backbone {
    /// The pretrained network.
    pub network: Network,
    /// The last of its blocks that is kept.
    pub boundary: Boundary,
    /// The first of its blocks whose weights learn.
    pub unfreeze: Unfreeze,
    /// How features are kept on disk.
    pub dtype: Dtype,
    /// In which floating-point type the frozen blocks compute.
    pub precision: Precision,
}

impl Backbone {
    /// Where what is frozen ends, and what learns begins; features are the maps there.
    #[must_use]
    pub fn cut(self) -> Boundary {
        self.unfreeze.cut(self.boundary)
    }
}

/// What is grafted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How maps become features.
    pub pool: Pool,
    /// What is done to the features then.
    pub normalise: Normalise,
    /// The length (L2 norm) that [`Normalise::PowerL2`] gives the features of an image.
    #[serde(deserialize_with = "single::deserialize")]
    pub scale: f32,
    /// The units of each hidden layer between features and classes.
    pub hidden: Vec<usize>,
}

/// How maps become features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Every value of the maps is one.
    Flatten,
    /// The mean of each map is one (global average pooling).
    Average,
}

/// How features are normalised before the linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// Not at all.
    None,
    /// Every feature to mean 0 and deviation 1 over the training images.
    Standardise,
    /// The signed square root of every feature, and then the features of an image to one length.
    PowerL2,
}

impl fmt::Display for Normalise {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Standardise => "standardise",
            Self::PowerL2 => "power-l2",
        })
    }
}

/// How the head learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of epochs.
    pub epochs: usize,
    /// Batch size.
    pub batch_size: usize,
    /// Learning rate.
    #[serde(deserialize_with = "single::checked")]
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The share of the steps in which it rises to `learning_rate`.
    pub warmup: f64,
    /// Decoupled weight decay (`AdamW`): each step takes the learning rate times this share of every
    /// weight and bias away. 0 decays nothing.
    #[serde(deserialize_with = "single::deserialize")]
    pub weight_decay: f32,
    /// How much images of each class count.
    pub class_weights: ClassWeights,
    /// The share of every label that is spread evenly over all classes.
    #[serde(deserialize_with = "single::deserialize")]
    pub label_smoothing: f32,
    /// The share of the outputs of each hidden layer, or of the normalised features where there is none, that
    /// every step sets to 0.
    #[serde(deserialize_with = "single::deserialize")]
    pub dropout: f32,
    /// The decay of the moving average of weights, which is evaluated and kept in their place. 0 averages
    /// nothing.
    #[serde(deserialize_with = "single::deserialize")]
    pub ema: f32,
    /// Training stops after so many epochs without a lower validation loss; 0 never stops early.
    pub patience: usize,
    /// Epochs in which the head alone learns, before stages that are trained move.
    pub warmup_epochs: usize,
    /// Each stage learns at the rate of the one behind it times this, and the last at that of the head
    /// times this.
    pub stage_factor: f64,
    /// Decides the validation split, the head's first weights and the order of the images.
    pub seed: u64,
    /// Which epoch's weights are kept.
    pub keep: Keep,
    /// Whether the head's weights and bias are divided by one number when training ends, so that probabilities
    /// fit the held-out images best (temperature scaling). No predicted class changes.
    pub calibrate: bool,
    /// Steps from one checkpoint to the next within an epoch; 0 saves at the end of epochs only.
    pub checkpoint_steps: usize,
    /// The largest L2 norm that the gradient of a layer's weights, or of its biases, may have: a longer
    /// one is scaled down to it, as by Keras' `clipnorm`. 0 clips nothing.
    #[serde(deserialize_with = "single::deserialize")]
    pub clip_norm: f32,
    /// The optimiser's other numbers.
    pub adam: Adam,
}

/// How much the images of each class count in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Every image as much as another.
    None,
    /// Every class as much as another: an image of a class with `n` of `N` training images, of `k` classes that
    /// have any, by `N / (k n)`, as scikit-learn's `balanced`.
    Balanced,
}

/// Which epoch's weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The last epoch's, as Keras' `fit` does.
    Last,
    /// Those of the epoch with the lowest validation loss.
    Best,
}

/// Adam's decay rates and epsilon (Kingma and Ba, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adam {
    /// Beta 1, the decay of the mean of gradients.
    #[serde(deserialize_with = "single::deserialize")]
    pub beta_1: f32,
    /// Beta 2, the decay of the mean of squared gradients.
    #[serde(deserialize_with = "single::deserialize")]
    pub beta_2: f32,
    /// Epsilon; Keras has 1e-7.
    #[serde(deserialize_with = "single::deserialize")]
    pub epsilon: f32,
}

impl Default for Recipe {
    /// The seed recipe.
    #[expect(
        clippy::expect_used,
        reason = "the file is a part of the program, and a test reads it"
    )]
    fn default() -> Self {
        toml::from_str(SEED).expect("the seed recipe has every key and no other")
    }
}

impl Recipe {
    /// The recipe with what only the images tell: how many classes there are, and how many images are held
    /// out.
    #[must_use]
    pub fn resolved(&self, images: &ImageSet, holdout: &Holdout) -> Self {
        let mut resolved = self.clone();
        // With more pictures it says how many classes the others have.
        if self.data.extra.is_empty() {
            resolved.data.classes = images.classes();
        }
        resolved.data.validation = holdout.validation.len();
        resolved
    }

    /// The first key in which `other` differs: its name, the value here, and the value there.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(String, String, String)> {
        let values =
            |recipe| toml::Table::try_from(recipe).map(|table| overlay::values(&table, ""));
        let (here, there) = (values(self).ok()?, values(other).ok()?);
        let mut pairs = here.into_iter().zip(there);
        let ((key, here), (_, there)) = pairs.find(|(here, there)| here != there)?;
        Some((key, here.to_string(), there.to_string()))
    }

    /// The recipe as TOML, every default written out.
    ///
    /// # Errors
    /// When a number does not fit TOML's 64-bit integers.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|error| RecipeError::Write(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_recipe_has_every_key_and_is_what_keras_does() {
        let seed = Recipe::default();
        let written: toml::Table = seed.to_toml().unwrap().parse().unwrap();
        let keys = |table: &toml::Table| {
            let mut keys = overlay::keys(table, "");
            keys.sort();
            keys
        };
        assert_eq!(keys(&SEED.parse().unwrap()), keys(&written));
        assert_eq!(
            toml::from_str::<Recipe>(&written.to_string()).unwrap(),
            seed
        );
        assert_eq!(seed.preprocessing, Preprocessing::default());
        assert_eq!(seed.augmentation, Augmentation::default());
        let backbone = Backbone {
            network: Network::VGG16,
            boundary: Boundary::after(5),
            unfreeze: Unfreeze::None,
            dtype: Dtype::F32,
            precision: Precision::F32,
        };
        assert_eq!(seed.backbone, backbone);
        let training = Training {
            epochs: 10,
            batch_size: 32,
            learning_rate: 0.001,
            schedule: Schedule::Constant,
            warmup: 0.0,
            weight_decay: 0.0,
            class_weights: ClassWeights::None,
            label_smoothing: 0.0,
            dropout: 0.0,
            ema: 0.0,
            patience: 0,
            warmup_epochs: 0,
            stage_factor: 1.0,
            seed: 42,
            keep: Keep::Last,
            calibrate: false,
            checkpoint_steps: 0,
            clip_norm: 0.0,
            adam: Adam {
                beta_1: 0.9,
                beta_2: 0.999,
                epsilon: 1e-7,
            },
        };
        assert_eq!(seed.training, training);
    }
}
