//! Augmentation: views of an image, each changed a little at random, so that training sees more than
//! there is.

mod warp;

use graft_durable::sha256;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::shuffle::{self, draw_around};
use crate::{Error, ImageSet};
use warp::{Affine, Field};

/// How views differ from their image. Every number is the end of a range that is drawn from evenly: of 0
/// nothing changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// How many views of an image there are, of which the first is the image itself; 0 is as 1.
    pub views: usize,
    /// The largest rotation to either side, in degrees.
    pub rotate: f64,
    /// The largest share by which width and height grow or shrink, each by itself.
    pub scale: f64,
    /// The largest shear: how far a pixel moves sideways for every pixel that it is above or below the centre.
    pub shear: f64,
    /// The largest shift to either side, up or down, as a share of the image's side.
    pub shift: f64,
    /// The largest shift of a point of a smooth field, as a share of the image's longer side.
    pub elastic: f64,
    /// The side of a black square somewhere in the image, as a share of the image's side
    /// (T. `DeVries` and G. Taylor, "Cutout", 2017).
    pub cutout: f64,
    /// Whether every second view is a mirror image, left for right.
    pub flip: bool,
    /// The largest change of brightness, as a share of white.
    pub brightness: f64,
    /// The largest share by which differences from the image's mean brightness grow or shrink.
    pub contrast: f64,
    /// Decides all views.
    pub seed: u64,
}

/// What one view does to its image.
struct Change {
    affine: Affine,
    field: Option<Field>,
    /// Factor and summand of a value's difference from the mean.
    tone: [f64; 2],
    /// Centre and side of a black square, as shares of height and width.
    hole: ([f64; 2], f64),
}

impl Augmentation {
    /// Views of an image beside itself.
    #[must_use]
    pub fn changed_views(&self) -> usize {
        self.views.saturating_sub(1)
    }

    /// Whether there is a range, so that views differ from their images.
    #[must_use]
    pub fn has_ranges(&self) -> bool {
        let Self { views, seed, .. } = *self;
        let none = Self::default();
        *self
            != Self {
                views,
                seed,
                ..none
            }
    }

    /// View `number` (from 1; 0 is the image itself) of the images of `set` at some `places` of
    /// `indices`. What it does to an image depends on the seed, its number and the image's place.
    ///
    /// # Errors
    /// When there are no places.
    ///
    /// # Panics
    /// As a slice does, when a place is not within `indices`.
    pub fn view(
        &self,
        set: &ImageSet,
        indices: &[usize],
        places: &[usize],
        number: usize,
    ) -> Result<ImageSet, Error> {
        let size = [set.rows(), set.columns(), set.channels()];
        let viewed: Vec<usize> = places.iter().map(|place| indices[*place]).collect();
        set.mapped(&viewed, |at, image| match number {
            0 => image.to_vec(),
            _ => self.change(number, places[at] as u64).apply(image, size),
        })
    }

    /// View `number` (from 1; 0 is the image itself) of an image that is tested, `[row, column, channel]`, whose
    /// size that is too. What it does depends on the seed, its number and the first 64 bits of the image's SHA-256
    /// rather than its place, so that a picture by itself has the views that it has among others.
    #[must_use]
    pub fn test_view(&self, image: &[u8], size: [usize; 3], number: usize) -> Vec<u8> {
        if number == 0 {
            return image.to_vec();
        }
        let place = u64::from_str_radix(&sha256(image)[..16], 16).unwrap_or_default();
        self.change(number, place).apply(image, size)
    }

    /// [`Augmentation::test_view`] of the images of `set` at some indices.
    ///
    /// # Errors
    /// When there are none.
    pub fn test_views(
        &self,
        set: &ImageSet,
        indices: &[usize],
        number: usize,
    ) -> Result<ImageSet, Error> {
        let size = [set.rows(), set.columns(), set.channels()];
        set.mapped(indices, |_, image| self.test_view(image, size, number))
    }

    /// Draws what view `number` does to the image at `place`. All numbers are drawn whatever the ranges
    /// are, so that another range changes nothing else.
    fn change(&self, number: usize, place: u64) -> Change {
        let random = &mut shuffle::generator([self.seed, number as u64], place);
        let angle = draw_around(self.rotate, random).to_radians();
        let stretch = [(); 2].map(|()| 1.0 + draw_around(self.scale, random));
        let shear = draw_around(self.shear, random);
        let shift = [(); 2].map(|()| draw_around(self.shift, random));
        let flips = draw_around(1.0, random) < 0.0 && self.flip;
        let brightness = 255.0 * draw_around(self.brightness, random);
        let contrast = 1.0 + draw_around(self.contrast, random);
        let centre = [(); 2].map(|()| 0.5 + draw_around(0.5, random));
        Change {
            affine: Affine::new(angle, stretch, shear, shift, flips),
            field: self.field(random),
            tone: [contrast, brightness],
            hole: (centre, self.cutout),
        }
    }

    fn field(&self, random: &mut ChaCha8Rng) -> Option<Field> {
        (self.elastic > 0.0).then(|| Field::new(|| draw_around(self.elastic, random)))
    }
}

impl Change {
    /// The view of `image`, `[row, column, channel]`, whose size that is too.
    fn apply(&self, image: &[u8], size: [usize; 3]) -> Vec<u8> {
        let mut view = warp::warp(image, size, &self.affine, self.field.as_ref());
        let [factor, summand] = self.tone;
        let mean = mean(&view);
        for value in &mut view {
            *value = warp::pixel((f64::from(*value) - mean) * factor + mean + summand);
        }
        self.cut(&mut view, size);
        view
    }

    /// Blackens the square, as far as it lies in the image.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places within an image"
    )]
    fn cut(&self, view: &mut [u8], [rows, columns, channels]: [usize; 3]) {
        let ([y, x], side) = self.hole;
        let span = |centre: f64, length: usize| {
            let at = |share: f64| (share * length as f64).round().clamp(0.0, length as f64);
            at(centre - side / 2.0) as usize..at(centre + side / 2.0) as usize
        };
        let columns_cut = span(x, columns);
        for row in span(y, rows) {
            let start = row * columns;
            let cut = (start + columns_cut.start) * channels..(start + columns_cut.end) * channels;
            view[cut].fill(0);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an image has far below 2^52 values"
)]
fn mean(values: &[u8]) -> f64 {
    let sum: u64 = values.iter().copied().map(u64::from).sum();
    sum as f64 / values.len().max(1) as f64
}

#[cfg(test)]
mod tests;
