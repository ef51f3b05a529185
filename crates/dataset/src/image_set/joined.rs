//! A set with more images, perhaps of more classes.

use std::collections::HashMap;
use std::path::Path;

use super::{ImageSet, Origin};
use crate::Error;
use crate::error::IN_MEMORY;
use crate::pixels::Pixels;

impl ImageSet {
    /// With classes of these names: its own, and perhaps others behind them. Where there are no others, a set whose
    /// labels are numbers alone stays one.
    pub(crate) fn named(mut self, names: Vec<String>) -> Result<Self, Error> {
        if names.len() > self.classes {
            self.classes = names.len();
            self.origin.names = names;
        }
        self.checked(Path::new(IN_MEMORY))
    }

    /// With more pictures that could not be read, and why.
    pub(crate) fn leaving_out(mut self, why: Vec<String>) -> Self {
        self.origin.left_out.extend(why);
        self
    }

    /// With the images of `more` behind those that are there, in the same form; its classes are those that are
    /// there, and perhaps others behind them.
    pub(crate) fn joined(self, more: Self) -> Result<Self, Error> {
        self.prepare_all()?;
        more.prepare_all()?;
        let counts = [self.len(), more.len()];
        let behind = |indices: Vec<usize>| indices.into_iter().map(move |index| counts[0] + index);
        let files = (0..counts[0]).map(|index| self.file(index));
        let files = files.chain((0..counts[1]).map(|index| more.file(index)));
        let files = files.collect();
        let first = |index| self.origin.copies.get(index).copied().unwrap_or(index);
        let images: HashMap<&[u8], usize> = more.images().zip(0..).collect();
        let mut same = HashMap::new();
        for (index, image) in self.images().enumerate() {
            if let Some(of_more) = images.get(image) {
                same.entry(more.image(*of_more)).or_insert(first(index));
            }
        }
        let first_of_more = |index: &usize| {
            let before = same.get(more.image(*index));
            before.copied().unwrap_or(counts[0] + index)
        };
        let copies = (0..counts[0])
            .map(first)
            .chain(more.origin.copies.iter().map(first_of_more));
        let origin = Origin {
            copies: copies.collect(),
            files,
            validation: self.origin.validation.map(|mut held| {
                held.extend(behind(more.origin.validation.unwrap_or_default()));
                held
            }),
            left_out: [self.origin.left_out, more.origin.left_out].concat(),
            names: self.origin.names,
            removed: Vec::new(),
        };
        let names = more.origin.names;
        let set = Self {
            pixels: Pixels::joined([self.pixels, more.pixels], counts),
            labels: [self.labels, more.labels].concat(),
            origin,
            ..self
        };
        set.named(names)
    }
}
