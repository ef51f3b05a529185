//! Which images a training uses: drawn by class, or all that are not held out.

use graft_dataset::{Holdout, ImageSet, of_each_class, shuffle, split};

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

    /// Whether there are as many images of each class as it needs, beside those that are held out by `seed`.
    ///
    /// # Errors
    /// When more are held out than there are.
    pub(super) fn fits(&self, all: &ImageSet, seed: u64) -> Result<bool, Error> {
        let mut counts = vec![0; all.classes()];
        for index in self.split(all, seed)?.train {
            counts[usize::from(all.labels()[index])] += 1;
        }
        let needed = self.own.images_per_class;
        Ok(counts.into_iter().all(|count| needed <= count))
    }

    /// What its training number `training` uses and what is held out, by `seed`: the same in all cells,
    /// whatever their own seeds.
    pub(super) fn holdout(
        &self,
        all: &ImageSet,
        seed: u64,
        training: u64,
    ) -> Result<Holdout, Error> {
        let Holdout { train, validation } = self.split(all, seed)?;
        let train = match self.own.images_per_class {
            0 => train,
            per_class => drawn(all.labels(), &train, per_class, seed, training),
        };
        Ok(Holdout { train, validation })
    }

    /// What its trainings may use and what is held out, by `seed`.
    pub(super) fn split(&self, all: &ImageSet, seed: u64) -> Result<Holdout, Error> {
        let (images, mut recipe) = (self.images(all), self.recipe.clone());
        recipe.training.seed = seed;
        if images == all.len() && self.own.images_per_class == 0 {
            return Ok(recipe.holdout(all)?);
        }
        let (labels, validation) = (&all.labels()[..images], recipe.data.validation);
        Ok(all.used(split(labels, validation, seed)?))
    }
}

/// `per_class` images of each class, of those at `indices`. Larger draws hold the smaller ones.
fn drawn(labels: &[u8], indices: &[usize], per_class: usize, seed: u64, draw: u64) -> Vec<usize> {
    of_each_class(labels, indices, per_class, |class, indices| {
        shuffle(indices, seed, STREAMS + 256 * draw + class);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::Own;
    use graft_dataset::{REMOVE, Verdict};
    use graft_recipe::Recipe;
    use std::path::Path;

    fn images() -> ImageSet {
        let labels: Vec<u8> = (0..120).map(|index| index % 3).collect();
        ImageSet::new(1, 2, vec![51; 240], labels, 3).unwrap()
    }

    #[test]
    fn draws_have_as_many_of_each_class_and_hold_the_smaller_ones() {
        let (images, all) = (images(), (0..120).collect::<Vec<_>>());
        let drawn = |count, seed, draw| drawn(images.labels(), &all, count, seed, draw);
        for draw in 0..10 {
            let large = drawn(10, 42, draw);
            assert!(large.is_sorted() && large.len() == 30);
            for class in 0..3 {
                assert_eq!(large.iter().filter(|index| *index % 3 == class).count(), 10);
            }
            let small = drawn(5, 42, draw);
            assert!(small.iter().all(|index| large.contains(index)));
        }
        assert_ne!(drawn(10, 42, 0), drawn(10, 42, 1));
        assert_ne!(drawn(10, 42, 0), drawn(10, 43, 0));
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
        // Of 30 images 6 are held out.
        assert!(with(per_class(8), 42).fits(&images, 42).unwrap());
        assert!(!with(per_class(9), 42).fits(&images, 42).unwrap());
        let drawn = held(with(per_class(2), 42));
        assert_eq!((drawn.train.len(), drawn.validation.len()), (6, 6));
        let another = with(per_class(2), 42).holdout(&images, 42, 1).unwrap();
        assert_eq!(another.validation, drawn.validation);
        assert_ne!(another.train, drawn.train);
        assert!(
            another
                .train
                .iter()
                .all(|one| !drawn.validation.contains(one))
        );
    }

    #[test]
    fn what_a_verdict_leaves_out_is_in_no_draw() {
        let verdict = |index: usize| Verdict {
            image: index.to_string(),
            label: (index % 3).to_string(),
            verdict: REMOVE.into(),
            suggested: String::new(),
            probability: None,
            reason: String::new(),
        };
        let verdicts: Vec<_> = (0..30).step_by(4).map(verdict).collect();
        let images = images().judged(Path::new("labels.csv"), &verdicts).unwrap();
        for (count, per_class) in [(0, 0), (30, 0), (0, 20)] {
            let own = Own {
                images: count,
                images_per_class: per_class,
                ..Own::default()
            };
            let mut recipe = Recipe::default();
            recipe.data.validation = 6;
            let planned = Planned {
                at: Vec::new(),
                recipe,
                own,
            };
            let Holdout { train, validation } = planned.holdout(&images, 42, 0).unwrap();
            assert!(!train.is_empty());
            assert!(
                train
                    .iter()
                    .chain(&validation)
                    .all(|index| *index >= 30 || index % 4 > 0)
            );
        }
    }
}
