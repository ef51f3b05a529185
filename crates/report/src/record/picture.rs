//! Images that the record keeps, so that a report can show them where the data is not at hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// An image and its label. Large ones are kept smaller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it stands in its split, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub label: u8,
    /// Height in pixels.
    pub rows: usize,
    /// Width in pixels.
    pub columns: usize,
    /// 0 to 255, row by row: `rows * columns` bytes in Base64, or three times as many in colour.
    #[serde(with = "base64_bytes")]
    pub pixels: Vec<u8>,
}

/// What a report shows of the training images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// One image of every class that has any: its first.
    pub digits: Vec<Picture>,
    /// The first views of a training image of each class, image by image; none where there was no augmentation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<Picture>,
    /// The first of `digits`, as the backbone sees it.
    pub prepared: Prepared,
}

/// An image after preprocessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// Which image, by its place in its split.
    pub index: usize,
    /// Height in pixels.
    pub rows: usize,
    /// Width in pixels.
    pub columns: usize,
    /// The three channels in the backbone's order.
    pub channels: Vec<Channel>,
}

/// One channel of the backbone's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The smallest value, shown as 0.
    pub minimum: f32,
    /// The largest value, shown as 255.
    pub maximum: f32,
    /// What is shown, row by row, in Base64.
    #[serde(with = "base64_bytes")]
    pub pixels: Vec<u8>,
}

impl Channel {
    /// A channel's `values`, spread over 0 to 255 to be shown; constant ones are shown as 0.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=255"
    )]
    pub fn new(values: &[f32]) -> Self {
        let minimum = values.iter().copied().fold(f32::INFINITY, f32::min);
        let maximum = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let span = (maximum - minimum).max(f32::MIN_POSITIVE);
        let shown = |value: &f32| ((value - minimum) / span * 255.0).round().clamp(0.0, 255.0);
        Self {
            minimum,
            maximum,
            pixels: values.iter().map(|value| shown(value) as u8).collect(),
        }
    }
}

/// Bytes as Base64 text.
mod base64_bytes {
    use super::{Engine, STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_spread_over_all_shades() {
        assert_eq!(Channel::new(&[-1.0, 0.0, 1.0]).pixels, [0, 128, 255]);
        assert_eq!(Channel::new(&[3.0, 3.0]).pixels, [0, 0]);
    }

    #[test]
    fn pixels_come_back() {
        let picture = Picture {
            index: 3,
            label: 7,
            rows: 1,
            columns: 3,
            pixels: vec![0, 128, 255],
        };
        let json = serde_json::to_string(&picture).unwrap();
        assert!(json.contains("\"AID/\""), "{json}");
        assert_eq!(serde_json::from_str::<Picture>(&json).unwrap(), picture);
    }
}
