//! Views of images: each is an entry of the cache, or is computed whenever it is asked for.

use std::sync::OnceLock;

use graft_dataset::{ImageBatch, ImageSet, Split};
use graft_recipe::Recipe;

use crate::dtype::rounded;
use crate::extract::{Images, label};
use crate::key::hash;
use crate::{Error, Extracted, Extractor, Key, View, cache};

/// The views of some images of a set but for the first, which is the images themselves.
pub struct Views<'a> {
    pub(crate) extractor: &'a Extractor<'a>,
    pub(crate) set: &'a ImageSet,
    /// Which images they are of.
    pub indices: &'a [usize],
    /// How many there are.
    pub count: usize,
    pub(crate) split: Split,
    /// Values that the features of an image have.
    pub(crate) width: usize,
    pub(crate) keys: OnceLock<Vec<Key>>,
}

impl Views<'_> {
    /// How many bytes the features of an image take in the cache.
    #[must_use]
    pub fn row(&self) -> usize {
        self.width * self.extractor.recipe.backbone.dtype.bytes()
    }

    /// The first of them, so many at most.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self {
            count: self.count.min(most),
            keys: OnceLock::new(),
            ..self
        }
    }

    /// What the features of each depend on.
    ///
    /// # Errors
    /// When an image is too small for the backbone.
    pub fn keys(&self) -> Result<&[Key], Error> {
        if self.count == 0 {
            return Ok(&[]);
        }
        if self.keys.get().is_none() {
            let hash = hash(self.set, self.indices.iter().copied());
            let plain = self.extractor.key(self.set)?;
            let augmentation = self.extractor.recipe.augmentation;
            let key = |number| {
                let view = View::new(augmentation, number, self.split);
                plain.of_view(view, &hash, self.indices.len())
            };
            let _ = self.keys.set((1..=self.count).map(key).collect());
        }
        Ok(self.keys.get().map_or(&[], Vec::as_slice))
    }

    /// The features of each, from the cache where they are there and good, else computed and cached.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn cached(&self) -> Result<Vec<Extracted>, Error> {
        cache::foresee(self.count, (self.indices.len() * self.row()) as u64);
        let of = label(&self.extractor.recipe.data, self.split);
        let keys = (1..).zip(self.keys()?.iter().cloned());
        let extracted = keys.map(|(number, key)| {
            let images = Images {
                len: self.indices.len(),
                label: format!("{of}, view {number} of {}", self.count),
                batch: &|places| self.images(number, places),
                set: None,
            };
            self.extractor.extracted(&images, key)
        });
        extracted.collect()
    }

    /// The features of view `number` (from 1) of the images at some places of the indices, row by row: computed
    /// now, and as the cache would give them back.
    ///
    /// # Errors
    /// When the device fails, or a feature is no finite number or too large for the recipe's type.
    pub fn rows(&self, number: usize, places: &[usize]) -> Result<Vec<f32>, Error> {
        let images = Images {
            len: places.len(),
            label: String::new(),
            batch: &|places| self.images(number, places),
            set: None,
        };
        let mut rows = Vec::with_capacity(places.len() * self.width);
        self.extractor.pass(&images, places, |_, features| {
            rows.extend_from_slice(features);
            Ok(())
        })?;
        if let Some(at) = rows.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite {
                image: self.indices[places[at / self.width]],
                value: rows[at],
            });
        }
        rounded(self.extractor.recipe.backbone.dtype, rows).map_err(Error::TooLarge)
    }

    /// View `number` of the images at some places of the indices, as the backbone takes them.
    fn images(&self, number: usize, places: &[usize]) -> Result<ImageBatch, graft_dataset::Error> {
        let Recipe {
            augmentation,
            preprocessing,
            ..
        } = self.extractor.recipe;
        let view = match self.split {
            Split::Train => augmentation.view(self.set, self.indices, places, number),
            Split::Test => {
                let indices = places.iter().map(|place| self.indices[*place]);
                augmentation.test_views(self.set, &indices.collect::<Vec<_>>(), number)
            }
        };
        preprocessing.batch(&view?, 0..places.len())
    }
}
