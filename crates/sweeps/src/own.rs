//! The keys that a sweep has beside those of recipes: `sweep.*`.

use serde::Deserialize;

/// The keys that a sweep has beside those of recipes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Own {
    /// What heads are trained on.
    pub(super) features: Source,
    /// Use only the first so many training images; 0 uses all.
    pub(super) images: usize,
    /// Train on so many images of each class that are not held out, drawn anew for each training; 0 trains on
    /// all of these.
    pub(super) images_per_class: usize,
    /// Train for at least so many steps, to the end of an epoch; 0 leaves that to `training.epochs`.
    pub(super) steps: usize,
    /// Added to `training.seed`.
    pub(super) seed: u64,
    /// What tells the classes apart.
    pub(super) classifier: Classifier,
}

/// What tells the classes apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Classifier {
    /// A head that is trained.
    #[default]
    Head,
    /// The training image, or view of one, whose normalised features have the largest cosine; nothing is trained.
    NearestNeighbour,
}

/// What heads are trained on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Source {
    /// Features of the network with its pretrained weights.
    #[default]
    Pretrained,
    /// Features of the same network with random weights.
    Untrained,
    /// The images' pixels themselves, 0 to 1.
    Pixels,
}
