//! Which images of a set are trained on, and which are held out.

use std::path::Path;

use super::{ImageSet, Origin};
use crate::error::{IN_MEMORY, value};
use crate::folds::folds;
use crate::split::{of_each_class, split_apart};
use crate::{Error, Holdout, shuffle};

impl Origin {
    /// Where the pictures at some indices lie.
    fn files_at(&self, indices: &[usize]) -> Vec<String> {
        let files = indices.iter().filter_map(|index| self.files.get(*index));
        files.cloned().collect()
    }
}

impl ImageSet {
    /// Which images train and which validate: as the source has it, or else `validation` of them by
    /// [`split_apart`], with all copies of a picture on one side. Of pictures at most a tenth.
    ///
    /// # Errors
    /// When that would leave no image to train on.
    pub fn holdout(&self, validation: usize, seed: u64) -> Result<Holdout, Error> {
        let Origin {
            names,
            validation: given,
            copies,
            ..
        } = &self.origin;
        let holdout = if let Some(given) = given {
            let is_given = |index: &usize| given.binary_search(index).is_ok();
            let (validation, train) = (0..self.len()).partition(is_given);
            Holdout { train, validation }
        } else {
            let most = if names.is_empty() {
                validation
            } else {
                (self.len() / 10).max(1)
            };
            split_apart(&self.labels, copies, validation.min(most), seed)?
        };
        let holdout = self.used(holdout);
        if holdout.train.is_empty() {
            return value("images to train on", "none", "give other training images");
        }
        Ok(holdout)
    }

    /// Every image held out once, in one of `count` folds, by [`folds`].
    ///
    /// # Errors
    /// When there are fewer than two folds, or a fold would have no image.
    pub fn folds(&self, count: usize, seed: u64) -> Result<Vec<Holdout>, Error> {
        let Origin {
            copies, removed, ..
        } = &self.origin;
        folds(&self.labels, copies, removed, count, seed)
    }

    /// With other labels for some images, and with some that are never trained on or held out.
    pub(crate) fn changed(mut self, labels: Vec<(usize, u8)>, mut removed: Vec<usize>) -> Self {
        for (index, label) in labels {
            self.labels[index] = label;
        }
        removed.sort_unstable();
        self.origin.removed = removed;
        self
    }

    /// Without the images that a verdict leaves out.
    #[must_use]
    pub fn used(&self, mut holdout: Holdout) -> Holdout {
        let is_used = |index: &usize| self.origin.removed.binary_search(index).is_err();
        holdout.train.retain(is_used);
        holdout.validation.retain(is_used);
        holdout
    }

    /// Only `count` images of each class to train on, or all where there are fewer, and beside them those that
    /// [`ImageSet::holdout`] holds out: of the others, the first by [`shuffle`] with `draw` as the seed and
    /// the class as the epoch.
    ///
    /// # Errors
    /// As [`ImageSet::holdout`].
    pub fn per_class(
        &self,
        count: usize,
        (validation, seed): (usize, u64),
        draw: u64,
    ) -> Result<Self, Error> {
        let Holdout { train, validation } = self.holdout(validation, seed)?;
        let train = of_each_class(&self.labels, &train, count, |class, indices| {
            shuffle(indices, draw, class);
        });
        let mut kept = [train, validation.clone()].concat();
        kept.sort_unstable();
        let is_held_out = |place: &usize| validation.binary_search(&kept[*place]).is_ok();
        let set = Self {
            pixels: self.pixels.at(&kept, self.image_bytes()),
            labels: kept.iter().map(|index| self.labels[*index]).collect(),
            origin: Origin {
                names: self.origin.names.clone(),
                validation: Some((0..kept.len()).filter(is_held_out).collect()),
                left_out: self.origin.left_out.clone(),
                files: self.origin.files_at(&kept),
                ..Origin::default()
            },
            ..*self
        };
        set.checked(Path::new(IN_MEMORY))
    }
}
