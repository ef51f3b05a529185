//! What is wrong with a set of labelled images: labels, copies, images that are like none, and classes that
//! cannot be told apart.

mod classes;
mod labels;
mod map;

pub use classes::{Class, Pair, classes, pairs};
pub use labels::{Suspect, suspects};
pub use map::{FeatureMap, MapPoint};

use serde::Serialize;

use crate::count::float;
use crate::estimate::mean_and_variance;
use crate::record::{Data, Picture, Predictions};
use crate::{Evaluation, Mismatch, Share};

/// What was found about a set of images.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The recipe's name.
    pub recipe: String,
    /// Which images, and how their classes are called.
    pub data: Data,
    /// How many heads were trained, each on all folds but one.
    pub folds: usize,
    /// The accuracy on each fold of the head that did not learn from it.
    pub by_fold: Vec<Share>,
    /// The standard deviation of these accuracies.
    pub deviation: f64,
    /// The training images, and, where they were asked for, the test images.
    pub splits: Vec<Split>,
    /// Images that are the same, or almost.
    pub copies: Vec<Copies>,
    /// Some training images by their features.
    pub map: FeatureMap,
    /// Seconds that it took.
    pub seconds: f64,
}

/// The images of a split.
#[derive(Debug, Clone, Serialize)]
pub struct Split {
    /// Whether it is the test images, which a head on all training images was asked about; the training images
    /// are told by heads that did not learn from them.
    pub is_test: bool,
    /// What the heads make of each image.
    #[serde(skip)]
    pub predictions: Predictions,
    /// What the heads make of them.
    pub evaluation: Evaluation,
    /// Each class.
    pub classes: Vec<Class>,
    /// Classes that are taken for each other, the most often first.
    pub pairs: Vec<Pair>,
    /// How many labels are probably wrong.
    pub probably_wrong: usize,
    /// The images whose label is most suspect: all that are probably wrong, and at least a fiftieth.
    pub suspects: Vec<Suspect>,
    /// The images that are least like any class, the least first.
    pub outliers: Vec<Outlier>,
    /// The images to be looked at.
    #[serde(skip)]
    pub pictures: Vec<Named>,
}

/// An image to be looked at, and where it lies.
#[derive(Debug, Clone)]
pub struct Named {
    /// The image.
    pub picture: Picture,
    /// Its file in the source, or its number.
    pub file: String,
}

/// An image that is not much like the images of any class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlier {
    /// Its place in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: usize,
    /// The cosine of the angle between its features and the mean features of the class that is nearest, over
    /// images that are not in its fold.
    pub similarity: f64,
}

/// Images that are the same, or almost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// Whether all of them have the same pixels.
    pub exact: bool,
    /// Whether they have different labels.
    pub labels_differ: bool,
    /// Whether both training and test images are among them.
    pub leak: bool,
    /// The images.
    pub images: Vec<Copy>,
}

/// One of the images of [`Copies`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// Whether it is a test image.
    pub is_test: bool,
    /// Its place in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: usize,
}

/// The standard deviation of the accuracies of some folds, of which there are at least two.
#[must_use]
pub fn deviation(folds: &[Share]) -> f64 {
    let accuracies: Vec<f64> = folds.iter().map(|fold| fold.accuracy).collect();
    let (_, of_mean) = mean_and_variance(&accuracies);
    (of_mean * float(folds.len())).sqrt()
}

impl Copies {
    /// These images, which are `exact` copies or not.
    #[must_use]
    pub fn new(exact: bool, images: Vec<Copy>) -> Self {
        Self {
            exact,
            labels_differ: images.iter().any(|image| image.label != images[0].label),
            leak: images.iter().any(|image| image.is_test)
                && images.iter().any(|image| !image.is_test),
            images,
        }
    }
}

impl Split {
    /// What `predictions` tell: of the suspects all whose label is probably wrong, the first fiftieth and the
    /// first `most`; of the `outliers` the first `most`.
    ///
    /// # Errors
    /// When there are no predictions.
    pub fn new(
        is_test: bool,
        predictions: Predictions,
        mut outliers: Vec<Outlier>,
        most: usize,
    ) -> Result<Self, Mismatch> {
        let evaluation = predictions.evaluate()?;
        let mut suspects = suspects(&predictions);
        let probably_wrong = suspects.iter().filter(|one| one.probably_wrong).count();
        suspects.truncate(most.max(probably_wrong).max(suspects.len() / 50));
        outliers.sort_by(|a, b| {
            a.similarity
                .total_cmp(&b.similarity)
                .then(a.index.cmp(&b.index))
        });
        outliers.truncate(most);
        Ok(Self {
            is_test,
            predictions,
            classes: classes(&evaluation.confusion),
            pairs: pairs(&evaluation.confusion),
            evaluation,
            probably_wrong,
            suspects,
            outliers,
            pictures: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_of_folds_is_that_of_a_sample() {
        // 1, 0.5 and 0: a mean of 0.5, and squares of 0.25, 0 and 0.25 over two.
        let folds = [[true, true], [true, false], [false, false]].map(|hits| Share::new(&hits));
        assert!((deviation(&folds) - 0.5).abs() < 1e-12);
    }
}
