//! Where a set's pixels lie: in memory, or in a prepared set on the disk.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::Error;
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

    /// What tells image `index` from others: its bytes, or of a manifest's pictures their versions, which are not read
    /// for this.
    pub(crate) fn content(&self, index: usize, length: usize) -> Cow<'_, [u8]> {
        match self {
            Self::Prepared(prepared, places) if prepared.is_of_manifest() => {
                prepared.content(places[index]).into_bytes().into()
            }
            Self::Joined(sets, places) => {
                let (set, index) = places[index];
                sets[set].content(index, length)
            }
            Self::Memory(_) | Self::Prepared(..) => self.image(index, length).into(),
        }
    }

    /// Where image `index` lies, where it is a picture of a manifest.
    pub(crate) fn path(&self, index: usize) -> Option<&Path> {
        match self {
            Self::Memory(_) => None,
            Self::Prepared(prepared, places) => prepared.path(*places.get(index)?),
            Self::Joined(sets, places) => {
                let (set, index) = places.get(index)?;
                sets[*set].path(*index)
            }
        }
    }

    /// Whether some are pictures of a manifest, which are read when they are needed first.
    pub(crate) fn are_of_manifest(&self) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::Prepared(prepared, _) => prepared.is_of_manifest(),
            Self::Joined(sets, _) => sets.iter().any(Self::are_of_manifest),
        }
    }

    /// Reads those of some images that were not needed before.
    pub(crate) fn prepare(&self, indices: &[usize]) -> Result<(), Error> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Prepared(prepared, places) => {
                let mut places = indices.iter().map(|index| places[*index]);
                places.try_for_each(|place| prepared.prepare(place))
            }
            Self::Joined(sets, places) => {
                let mut places = indices.iter().map(|index| places[*index]);
                places.try_for_each(|(set, index)| sets[set].prepare(&[index]))
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
