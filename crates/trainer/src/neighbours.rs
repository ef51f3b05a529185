//! The training images whose features are most like a picture's: what the head learned from that was alike.

use graft_dataset::{ImageSet, Split, dot};
use graft_environment::Paths;
use graft_features::{Features, Key, hash_images};
use graft_report::record::Data;
use graft_runs::Run;
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
    /// What `run` learned from, where the cache still has its features and the images are what they were.
    ///
    /// # Errors
    /// When the images cannot be had.
    pub fn open(run: &Run, home: &Paths, sources: &mut Sources) -> Result<Option<Self>, Error> {
        let manifest = run.manifest();
        let key = serde_json::from_value::<Key>(manifest.cache.key.clone()).ok();
        let opened = key.and_then(|key| {
            let features = Features::open(&key.path(&home.cache()), &key);
            Some((features.ok()?, key))
        });
        let Some((features, key)) = opened else {
            return Ok(None);
        };
        let (recipe, data) = (run.recipe()?, manifest.data.clone());
        let form = image_form(&data, recipe.preprocessing.fit);
        let images = sources.images(&recipe, Split::Train, Some(form))?;
        if hash_images(&images) != key.images {
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
    #[must_use]
    pub fn nearest(&self, features: &[f32], count: usize) -> Vec<Neighbour> {
        let length = dot(features, features).sqrt();
        let rows = self.learned.par_chunks(ROWS).flat_map_iter(|indices| {
            let values = self.features.rows(indices);
            let rows = values.chunks_exact(features.len().max(1));
            let alike = rows.map(|row| dot(row, features) / (dot(row, row).sqrt() * length));
            // Features of length 0 have no direction.
            let alike = alike.map(|one| if one.is_finite() { one } else { 0.0 });
            indices.iter().copied().zip(alike).collect::<Vec<_>>()
        });
        let mut alike: Vec<(usize, f32)> = rows.collect();
        alike.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        alike.truncate(count);
        let neighbours = alike.into_iter();
        neighbours.map(|found| self.neighbour(found)).collect()
    }

    fn neighbour(&self, (index, similarity): (usize, f32)) -> Neighbour {
        let class = usize::from(self.images.labels()[index]);
        let row = self.data.columns * self.data.channels;
        let pixels = self.images.image(index).chunks(row);
        Neighbour {
            index,
            class,
            name: self.data.name(class),
            similarity,
            pixels: pixels.map(<[u8]>::to_vec).collect(),
            channels: self.data.channels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_recipe::MNIST;

    fn set(features: &[f32]) -> TrainingSet {
        let images = ImageSet::new(1, 2, (0..8).collect(), vec![0, 1, 2, 1], 3).unwrap();
        TrainingSet {
            features: Features::held(features, 2),
            data: crate::sources::described(MNIST, &images),
            images,
            learned: vec![0, 1, 3],
        }
    }

    #[test]
    fn the_most_alike_come_first_and_none_that_was_held_out() {
        let set = set(&[1.0, 0.0, 30.0, 40.0, 3.0, 4.0, 0.0, 0.0]);
        let found = set.nearest(&[3.0, 4.0], 5);
        let told = found
            .iter()
            .map(|one| (one.index, one.class, one.similarity));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(1, 1, 1.0), (0, 0, 0.6), (3, 1, 0.0)]);
        assert_eq!(
            (&*found[0].name, &found[0].pixels[..]),
            ("1", &[vec![2, 3]][..])
        );
        assert_eq!(set.nearest(&[3.0, 4.0], 1), found[..1]);
    }
}
