//! Whether a picture is of none of the classes (out-of-distribution detection): by the angle between its features
//! and the mean features of each class.

use serde::Serialize;

use crate::Error;
use crate::file::{Tensor, Tensors, refused, write};

const MEANS: &str = "class_means";
const THRESHOLD: &str = "class_means.threshold";

/// How like the training images of any class a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Familiarity {
    /// The cosine of the angle between its features and the mean features of the class that is nearest.
    pub similarity: f64,
    /// One in a hundred of the validation images is less similar.
    pub threshold: f64,
    /// Whether it is less similar than that: probably of none of the classes.
    pub none_of_these: bool,
}

/// The mean features at the boundary of each class, over the training images.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMeans {
    /// `[classes, features]`
    means: Vec<f32>,
    features: usize,
    threshold: f32,
}

impl ClassMeans {
    /// From `means` `[classes, features]`, with a threshold that nothing is below.
    #[must_use]
    pub fn new(means: Vec<f32>, features: usize) -> Self {
        Self {
            means,
            features,
            threshold: -1.0,
        }
    }

    /// With a threshold that one in a hundred of validation images of these similarities is below; none without
    /// any.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "kept in f32")]
    pub fn with_threshold(self, mut similarities: Vec<f64>) -> Option<Self> {
        similarities.sort_by(f64::total_cmp);
        let threshold = *similarities.get(similarities.len() / 100)? as f32;
        Some(Self { threshold, ..self })
    }

    /// Below which similarity a picture is perhaps of none of the classes.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold.into()
    }

    /// How familiar a picture with these features at the boundary is.
    #[must_use]
    pub fn familiarity(&self, features: &[f32]) -> Familiarity {
        let (similarity, threshold) = (self.similarity(features), self.threshold());
        Familiarity {
            similarity,
            threshold,
            none_of_these: similarity < threshold,
        }
    }

    fn similarity(&self, features: &[f32]) -> f64 {
        let cosines = self.means.chunks_exact(self.features).map(|mean| {
            let cosine = dot(mean, features) / (dot(mean, mean) * dot(features, features)).sqrt();
            // Neither a class without training images nor a picture without features has a direction.
            if cosine.is_finite() { cosine } else { 0.0 }
        });
        cosines.fold(0.0, f64::max)
    }

    /// A safetensors file: `class_means` `[classes, features]` and `class_means.threshold` `[1]`, both f32.
    ///
    /// # Errors
    /// When the file cannot be put together.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        write(&self.to_tensors(), None, false)
    }

    /// The file's tensors.
    #[must_use]
    pub fn to_tensors(&self) -> [Tensor; 2] {
        let classes = self.means.len() / self.features;
        [
            (MEANS, vec![classes, self.features], self.means.clone()),
            (THRESHOLD, vec![1], vec![self.threshold]),
        ]
        .map(|(name, shape, values)| Tensor {
            name: name.into(),
            shape,
            values,
        })
    }

    /// From the bytes that [`ClassMeans::to_bytes`] gave.
    ///
    /// # Errors
    /// When they are not those of such a file.
    pub fn from_bytes(file: &[u8]) -> Result<Self, Error> {
        let missing = || refused(format!("a tensor {MEANS}"), "none");
        Self::read(&Tensors::open(file)?)?.ok_or_else(missing)
    }

    /// Those of a file that may have none.
    pub(crate) fn read(file: &Tensors) -> Result<Option<Self>, Error> {
        if !file.has(MEANS) {
            return Ok(None);
        }
        let (means, [_, features]) = file.get(MEANS)?;
        match file.get(THRESHOLD)? {
            (threshold, [1]) if features > 0 => Ok(Some(Self {
                means,
                features,
                threshold: threshold[0],
            })),
            (_, found) => Err(refused(
                format!("{THRESHOLD} of [1], and {MEANS} of at least one feature"),
                format!("{found:?}, and {features} features"),
            )),
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b);
    products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes along two axes; that of the third has no images. Validation images lie at angles of growing
    /// distance from the first axis.
    fn means(images: u16) -> Option<ClassMeans> {
        let means = vec![2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0];
        let means = ClassMeans::new(means, 3);
        let similarity = |at| means.familiarity(&[1000.0, f32::from(at), 0.0]).similarity;
        let similarities = (0..images).map(similarity).collect();
        means.clone().with_threshold(similarities)
    }

    #[test]
    fn one_in_a_hundred_validation_images_is_of_none() {
        for (images, expected) in [(1, 0), (99, 0), (100, 1), (250, 2), (900, 9)] {
            let means = means(images).unwrap();
            let refused = (0..images)
                .filter(|at| {
                    let familiarity = means.familiarity(&[1000.0, f32::from(*at), 0.0]);
                    // The threshold itself is rounded.
                    familiarity.similarity < familiarity.threshold - 1e-7
                })
                .count();
            assert_eq!(refused, expected, "{images}");
        }
        assert_eq!(means(0), None);
    }

    #[test]
    fn the_nearest_class_counts_and_no_direction_is_like_none() {
        let means = means(10).unwrap();
        for (features, similarity) in [
            ([5.0, 0.0, 0.0], 1.0),
            ([3.0, 4.0, 0.0], 0.8),
            ([0.0, 0.0, 1.0], 0.0),
            ([0.0, 0.0, 0.0], 0.0),
        ] {
            let found = means.familiarity(&features);
            assert!((found.similarity - similarity).abs() < 1e-12, "{found:?}");
            assert_eq!(found.none_of_these, similarity < 0.9, "{found:?}");
        }
    }

    #[test]
    fn a_file_is_read_back_and_another_is_refused() {
        let means = means(10).unwrap();
        let file = means.to_bytes().unwrap();
        assert_eq!(ClassMeans::from_bytes(&file).unwrap(), means);
        assert!(ClassMeans::from_bytes(&file[..file.len() - 1]).is_err());
        let [mut threshold, _] = means.to_tensors();
        threshold.name = THRESHOLD.into();
        let file = write(&[threshold], None, false).unwrap();
        let error = ClassMeans::from_bytes(&file).unwrap_err().to_string();
        assert!(
            error.contains("a tensor class_means, found none"),
            "{error}"
        );
    }
}
