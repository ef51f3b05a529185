//! What an evaluation on the test images found, and on what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cached, Scores};
use crate::Evaluation;

/// The record of an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evaluated {
    /// The run's folder, as it was called then.
    pub run: String,
    /// When the test set was opened.
    pub evaluated: Timestamp,
    /// SHA-256 of the test images.
    pub images: String,
    /// What computed.
    pub backend: String,
    /// Whether the features were there.
    pub cache: Cached,
    /// The name of every class; none where labels are numbers alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The figures.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// The same without the test images whose label is known to be wrong, see
    /// [`MNIST_LABEL_ERRORS`](crate::MNIST_LABEL_ERRORS); none for other images than MNIST's.
    pub without_label_errors: Option<Scores>,
    /// How many of them are perhaps none of the classes by their features; none where no images were held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none_of_these: Option<NoneOfThese>,
}

/// Images of the classes that would be called perhaps none of them: false alarms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoneOfThese {
    /// Below which cosine between its features and the mean features of the nearest class an image is called so:
    /// one in a hundred of the held-out images is.
    pub threshold: f64,
    /// How many are.
    pub images: u64,
}
