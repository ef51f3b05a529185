//! Where a set's pixels lie: in memory, or in a prepared set on the disk.

use std::sync::Arc;

use crate::prepared::Prepared;

/// The pixels of a set's images.
#[derive(Clone, Debug)]
pub(crate) enum Pixels {
    /// All of them, image after image.
    Memory(Vec<u8>),
    /// Those at some places of a prepared set.
    Prepared(Arc<Prepared>, Vec<usize>),
}

impl Pixels {
    /// How many bytes there are, for images of `length` bytes.
    pub(crate) fn bytes(&self, length: usize) -> usize {
        match self {
            Self::Memory(pixels) => pixels.len(),
            Self::Prepared(_, places) => places.len() * length,
        }
    }

    /// Image `index`, which has `length` bytes.
    pub(crate) fn image(&self, index: usize, length: usize) -> &[u8] {
        match self {
            Self::Memory(pixels) => &pixels[index * length..][..length],
            Self::Prepared(prepared, places) => prepared.image(places[index]),
        }
    }

    /// The images at some indices, of `length` bytes each; those of a prepared set stay on the disk.
    pub(crate) fn at(&self, indices: &[usize], length: usize) -> Self {
        let indices = indices.iter();
        match self {
            Self::Memory(_) => {
                let images = indices.flat_map(|index| self.image(*index, length));
                Self::Memory(images.copied().collect())
            }
            Self::Prepared(prepared, places) => {
                let places = indices.map(|index| places[*index]).collect();
                Self::Prepared(Arc::clone(prepared), places)
            }
        }
    }

    /// Keeps the first `count` images of `length` bytes.
    pub(crate) fn truncate(&mut self, count: usize, length: usize) {
        match self {
            Self::Memory(pixels) => {
                pixels.truncate(count * length);
                pixels.shrink_to_fit();
            }
            Self::Prepared(_, places) => places.truncate(count),
        }
    }
}
