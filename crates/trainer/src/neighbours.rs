//! The training images whose features are most like a picture's: what the head learned from that was alike.

use graft_dataset::{ImageSet, Split, dot};
use graft_environment::Paths;
use graft_features::{Features, Key, hash_images};
use graft_report::record::{Alike, Data};
use graft_runs::{Run, picture};
use rayon::prelude::*;
use serde::Serialize;

use crate::Error;
use crate::input::image_form;
use crate::sources::Sources;

/// Rows that a thread decodes at a time.
const ROWS: usize = 64;

/// What a run learned from: the training images, and their features at the cut, mapped into memory.
pub struct TrainingSet {
    features: Features,
    images: ImageSet,
    /// Those that were learned from.
    learned: Vec<usize>,
    data: Data,
}

/// A training image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    /// Its place among the training images, counted from 0.
    pub index: usize,
    /// Its class, by its label.
    pub class: usize,
    /// The name of the class.
    pub name: String,
    /// The cosine of the angle between its features and the picture's: 1 where they are proportional.
    pub similarity: f32,
    /// As [`crate::Prediction::pixels`].
    pub pixels: Vec<Vec<u8>>,
    /// As [`crate::Prediction::channels`].
    pub channels: usize,
}

impl TrainingSet {
    /// What `run` learned from, where the cache still has its features, of no more than `most` bytes and on this
    /// machine, and the images are what they were.
    ///
    /// # Errors
    /// When the images cannot be had.
    pub fn open(
        run: &Run,
        home: &Paths,
        sources: &mut Sources,
        most: Option<u64>,
    ) -> Result<Option<Self>, Error> {
        let manifest = run.manifest();
        let key = serde_json::from_value::<Key>(manifest.cache.key.clone()).ok();
        let opened = key.and_then(|key| {
            let path = key.path(&home.cache());
            let fits = |most| Features::bytes(&path).is_some_and(|bytes| bytes <= most);
            if !most.is_none_or(fits) || Features::are_stored(&path) {
                return None;
            }
            Some((Features::open(&path, &key).ok()?, key))
        });
        let Some((features, key)) = opened else {
            return Ok(None);
        };
        let (recipe, data) = (run.recipe()?, manifest.data.clone());
        let form = image_form(&data, recipe.preprocessing.fit);
        let images = sources.images(&recipe, Split::Train, Some(form))?;
        if hash_images(&images) != key.images {
            tracing::warn!(
                "the training images of {} are not those of this run any more; where a source has no test/ of \
                 its own, some of its test images may now be ones that the run learned from",
                data.source
            );
            return Ok(None);
        }
        Ok(Some(Self {
            learned: recipe.holdout(&images)?.train,
            features,
            images,
            data,
        }))
    }

    /// The `count` images whose features are most like `features`, which are those of a picture at the cut;
    /// the most alike first.
    ///
    /// # Errors
    /// When the features stay in an object store that is out of reach.
    pub fn nearest(&self, features: &[f32], count: usize) -> Result<Vec<Neighbour>, Error> {
        let alike = self.most_alike(features, count)?.into_iter().flatten();
        Ok(alike.filter_map(|found| self.neighbour(found)).collect())
    }

    /// The same of several pictures, whose features stand row by row; as the record has it.
    ///
    /// # Errors
    /// As [`TrainingSet::nearest`].
    pub(crate) fn alike(&self, features: &[f32], count: usize) -> Result<Vec<Vec<Alike>>, Error> {
        let alike = |(index, similarity)| Alike {
            picture: picture(&self.images, index),
            similarity,
        };
        let found = self.most_alike(features, count)?.into_iter();
        Ok(found
            .map(|found| found.into_iter().map(alike).collect())
            .collect())
    }

    /// For each row of `features` the `count` images that are most like it, with the cosine; the most alike first.
    fn most_alike(&self, features: &[f32], count: usize) -> Result<Vec<Vec<(usize, f32)>>, Error> {
        let width = self.features.width();
        let queries = || features.chunks_exact(width);
        let lengths: Vec<f32> = queries().map(|query| dot(query, query).sqrt()).collect();
        let best = |mut alike: Vec<(usize, f32)>| {
            alike.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            alike.truncate(count);
            alike
        };
        let chunks = self.learned.par_chunks(ROWS).map(|indices| {
            let values = self.features.rows(indices)?;
            let rows = || values.chunks_exact(width);
            let row_lengths: Vec<f32> = rows().map(|row| dot(row, row).sqrt()).collect();
            let of = |(query, length): (&[f32], &f32)| {
                let cosines = rows()
                    .zip(&row_lengths)
                    .map(|(row, of_row)| dot(row, query) / (of_row * length))
                    // Features of length 0 have no direction.
                    .map(|one| if one.is_finite() { one } else { 0.0 });
                best(indices.iter().copied().zip(cosines).collect())
            };
            Ok(queries().zip(&lengths).map(of).collect::<Vec<_>>())
        });
        let none = || vec![Vec::new(); lengths.len()];
        chunks.try_reduce(none, |one, other| {
            let both = one.into_iter().zip(other);
            Ok(both
                .map(|(one, other)| best([one, other].concat()))
                .collect())
        })
    }

    /// None where it is a picture of a manifest that is out of reach.
    fn neighbour(&self, (index, similarity): (usize, f32)) -> Option<Neighbour> {
        if let Err(error) = self.images.prepare(&[index]) {
            tracing::warn!("{error}");
            return None;
        }
        let class = usize::from(self.images.labels()[index]);
        let row = self.data.columns * self.data.channels;
        let pixels = self.images.image(index).chunks(row);
        Some(Neighbour {
            index,
            class,
            name: self.data.name(class),
            similarity,
            pixels: pixels.map(<[u8]>::to_vec).collect(),
            channels: self.data.channels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_recipe::Recipe;

    fn set(features: &[f32]) -> TrainingSet {
        let images = ImageSet::new(1, 2, (0..8).collect(), vec![0, 1, 2, 1], 3).unwrap();
        TrainingSet {
            features: Features::held(features, 2),
            data: crate::sources::described(&Recipe::default().data, &images),
            images,
            learned: vec![0, 1, 3],
        }
    }

    #[test]
    fn the_most_alike_come_first_and_none_that_was_held_out() {
        let set = set(&[1.0, 0.0, 30.0, 40.0, 3.0, 4.0, 0.0, 0.0]);
        let found = set.nearest(&[3.0, 4.0], 5).unwrap();
        let told = found
            .iter()
            .map(|one| (one.index, one.class, one.similarity));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(1, 1, 1.0), (0, 0, 0.6), (3, 1, 0.0)]);
        assert_eq!(
            (&*found[0].name, &found[0].pixels[..]),
            ("1", &[vec![2, 3]][..])
        );
        assert_eq!(set.nearest(&[3.0, 4.0], 1).unwrap(), found[..1]);
        let both = set.alike(&[3.0, 4.0, 1.0, 0.0], 1).unwrap();
        let both: Vec<_> = both
            .iter()
            .map(|alike| (alike[0].picture.index, alike[0].similarity))
            .collect();
        assert_eq!(both, [(1, 1.0), (0, 1.0)]);
    }
}
