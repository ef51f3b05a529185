//! Why a mistake was made, as far as it can be seen: where the head looked, and what it learned from that is alike.

use serde::{Deserialize, Serialize};

use super::Picture;

/// A mistake that is looked into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Which image it is, by its place in its split, counted from 0.
    pub index: usize,
    /// Where the head looked; none where the maps at the boundary have one place only.
    pub map: Option<Looked>,
    /// The training images that are most alike, the most first; none where they were not at hand.
    pub alike: Vec<Alike>,
}

/// A class activation map: what each place adds to the logit of the predicted class more than to the mean of all
/// logits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// `[row][column]`
    pub values: Vec<Vec<f64>>,
    /// Top, left, height and width of the map, in shares of the image's height and width.
    pub area: [f64; 4],
}

/// A training image that is like another image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alike {
    /// The image, with its label.
    pub picture: Picture,
    /// The cosine of the angle between the features of both at the cut.
    pub similarity: f32,
}
