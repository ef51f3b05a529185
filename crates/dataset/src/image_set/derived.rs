//! Sets that are made of a set: turned, changed, cut.

use std::path::Path;

use rayon::prelude::*;

use super::{ImageSet, Origin};
use crate::Error;
use crate::error::{IN_MEMORY, value};
use crate::pixels::Pixels;

impl ImageSet {
    /// The images with rows and columns exchanged, as EMNIST's are stored; a prepared set stays as it is.
    #[must_use]
    pub fn transposed(mut self) -> Self {
        let (rows, columns) = (self.rows, self.columns);
        if let Pixels::Memory(pixels) = &mut self.pixels {
            for image in pixels.chunks_exact_mut(rows * columns) {
                let turned = (0..columns).flat_map(|x| (0..rows).map(move |y| y * columns + x));
                let turned: Vec<u8> = turned.map(|at| image[at]).collect();
                image.copy_from_slice(&turned);
            }
            (self.rows, self.columns) = (columns, rows);
        }
        self
    }

    /// The images at some indices, in memory, each as `change` makes it of its place and itself.
    ///
    /// # Errors
    /// When there are none, and those of [`ImageSet::prepare`].
    pub(crate) fn mapped(
        &self,
        indices: &[usize],
        change: impl Fn(usize, &[u8]) -> Vec<u8> + Sync,
    ) -> Result<Self, Error> {
        self.prepare(indices)?;
        let places = indices.par_iter().enumerate();
        let pixels = places.flat_map_iter(|(place, index)| change(place, self.image(*index)));
        let set = Self {
            pixels: Pixels::Memory(pixels.collect()),
            labels: indices.iter().map(|index| self.labels[*index]).collect(),
            origin: Origin {
                names: self.origin.names.clone(),
                ..Origin::default()
            },
            ..*self
        };
        set.checked(Path::new(IN_MEMORY))
    }

    /// Only the first `limit` images.
    ///
    /// # Errors
    /// When there are fewer than that, and when `limit` is 0.
    pub fn first(mut self, limit: usize) -> Result<Self, Error> {
        if limit > self.len() {
            let (expected, found) = (format!("at least {limit} images"), self.len());
            return value(expected, found, format!("set a limit of at most {found}"));
        }
        let length = self.image_bytes();
        self.labels.truncate(limit);
        self.pixels.truncate(limit, length);
        self.origin.copies.truncate(limit);
        self.origin.files.truncate(limit);
        if let Some(validation) = &mut self.origin.validation {
            validation.retain(|index| *index < limit);
        }
        self.checked(Path::new(IN_MEMORY))
    }
}
