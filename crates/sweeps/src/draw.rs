//! Which images a training uses: drawn by class, or all that are not held out.

use graft_dataset::{Holdout, ImageSet, shuffle, split};

use crate::Error;
use crate::plan::Planned;

/// The streams of the generator that images are drawn from begin here, one a draw and class: beyond
/// those of epochs, which count from 1.
const STREAMS: u64 = 1 << 32;

impl Planned {
    /// How many of the training images it may use: the first so many.
    pub(super) fn images(&self, all: &ImageSet) -> usize {
        match self.own.images {
            0 => all.len(),
            limit => limit.min(all.len()),
        }
    }

    /// Whether there are as many images of each class as it needs.
    pub(super) fn fits(&self, all: &ImageSet) -> bool {
        let labels = &all.labels()[..self.images(all)];
        let mut counts = vec![0; all.classes()];
        for label in labels {
            counts[usize::from(*label)] += 1;
        }
        counts
            .into_iter()
            .all(|count| self.own.images_per_class <= count)
    }

    /// What its training number `training` uses and what is held out, by `seed`: the same in all cells,
    /// whatever their own seeds.
    pub(super) fn holdout(
        &self,
        all: &ImageSet,
        seed: u64,
        training: u64,
    ) -> Result<Holdout, Error> {
        let (images, mut recipe) = (self.images(all), self.recipe.clone());
        let labels = &all.labels()[..images];
        recipe.training.seed = seed;
        match self.own.images_per_class {
            0 if images == all.len() => Ok(recipe.holdout(all)?),
            0 => Ok(split(labels, recipe.data.validation, seed)?),
            per_class => Ok(drawn(labels, per_class, seed, training)),
        }
    }
}

/// `per_class` images of each class, and nothing held out. Larger draws hold the smaller ones.
fn drawn(labels: &[u8], per_class: usize, seed: u64, draw: u64) -> Holdout {
    let mut classes = vec![Vec::new(); 256];
    for (index, label) in labels.iter().enumerate() {
        classes[usize::from(*label)].push(index);
    }
    let mut train = Vec::new();
    for (class, mut of_class) in (0..).zip(classes) {
        shuffle(&mut of_class, seed, STREAMS + 256 * draw + class);
        train.extend(of_class.into_iter().take(per_class));
    }
    train.sort_unstable();
    Holdout {
        train,
        validation: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Own;
    use graft_recipe::Recipe;

    fn images() -> ImageSet {
        let labels: Vec<u8> = (0..120).map(|index| index % 3).collect();
        ImageSet::new(1, 2, vec![51; 240], labels, 3).unwrap()
    }

    #[test]
    fn draws_have_as_many_of_each_class_and_hold_the_smaller_ones() {
        let images = images();
        for draw in 0..10 {
            let large = drawn(images.labels(), 10, 42, draw).train;
            assert!(large.is_sorted() && large.len() == 30);
            for class in 0..3 {
                assert_eq!(large.iter().filter(|index| *index % 3 == class).count(), 10);
            }
            let small = drawn(images.labels(), 5, 42, draw).train;
            assert!(small.iter().all(|index| large.contains(index)));
        }
        assert_ne!(
            drawn(images.labels(), 10, 42, 0),
            drawn(images.labels(), 10, 42, 1)
        );
        assert_ne!(
            drawn(images.labels(), 10, 42, 0),
            drawn(images.labels(), 10, 43, 0)
        );
    }

    #[test]
    fn the_base_recipe_s_seed_decides_what_is_held_out() {
        let images = images();
        let with = |own: Own, seed| {
            let mut recipe = Recipe::default();
            recipe.training.seed = seed;
            recipe.data.validation = 6;
            let at = Vec::new();
            Planned { at, recipe, own }
        };
        let first = |count| Own {
            images: count,
            ..Own::default()
        };
        let held = |planned: Planned| planned.holdout(&images, 42, 0).unwrap();
        let all = held(with(first(0), 42));
        assert_eq!((all.train.len(), all.validation.len()), (114, 6));
        assert_eq!(held(with(first(0), 43)), all);
        let few = held(with(first(30), 42));
        assert_eq!((few.train.len(), few.validation.len()), (24, 6));
        assert!(few.train.iter().all(|index| *index < 30));
        let per_class = |images_per_class| Own {
            images_per_class,
            ..first(30)
        };
        assert!(with(per_class(10), 42).fits(&images));
        assert!(!with(per_class(11), 42).fits(&images));
        let drawn = held(with(per_class(2), 42));
        assert_eq!((drawn.train.len(), drawn.validation.len()), (6, 0));
    }
}
