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
    /// Those at some places of two sets: in which of them, and where there.
    Joined(Arc<[Pixels; 2]>, Vec<(usize, usize)>),
}

impl Pixels {
    /// How many bytes there are, for images of `length` bytes.
    pub(crate) fn bytes(&self, length: usize) -> usize {
        match self {
            Self::Memory(pixels) => pixels.len(),
            Self::Prepared(_, places) => places.len() * length,
            Self::Joined(_, places) => places.len() * length,
        }
    }

    /// The `counts` images of two sets, one set behind the other.
    pub(crate) fn joined(sets: [Self; 2], counts: [usize; 2]) -> Self {
        let of = |set: usize| (0..counts[set]).map(move |index| (set, index));
        let places = of(0).chain(of(1)).collect();
        Self::Joined(Arc::new(sets), places)
    }

    /// Image `index`, which has `length` bytes.
    pub(crate) fn image(&self, index: usize, length: usize) -> &[u8] {
        match self {
            Self::Memory(pixels) => &pixels[index * length..][..length],
            Self::Prepared(prepared, places) => prepared.image(places[index]),
            Self::Joined(sets, places) => {
                let (set, index) = places[index];
                sets[set].image(index, length)
            }
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
            Self::Joined(sets, places) => {
                let places = indices.map(|index| places[*index]).collect();
                Self::Joined(Arc::clone(sets), places)
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
            Self::Joined(_, places) => places.truncate(count),
        }
    }
}
