//! Numbers that no run can use.

use graft_dataset::{Holdout, ImageSet, split};

use crate::{Keep, Recipe, RecipeError, Training};

impl Recipe {
    /// Which of `images` are learned from, and which are held out.
    ///
    /// # Errors
    /// When as many as all images are to be held out, or a class has too few.
    pub fn holdout(&self, images: &ImageSet) -> Result<Holdout, RecipeError> {
        let (held_out, all) = (self.data.validation, images.len());
        if held_out >= all {
            let expected = format!("fewer than the {all} training images");
            let (key, found) = ("data.validation", held_out.to_string());
            return Err(RecipeError::Value {
                key,
                expected,
                found,
            });
        }
        Ok(split(images.labels(), held_out, self.training.seed)?)
    }

    /// Refuses numbers that no run can use.
    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        let Training {
            epochs,
            batch_size,
            learning_rate,
            keep,
            ref adam,
            ..
        } = self.training;
        let betas = 0.0..1.0;
        let checks = [
            (
                epochs > 0,
                "training.epochs",
                "at least 1",
                epochs.to_string(),
            ),
            (
                batch_size > 0,
                "training.batch_size",
                "at least 1",
                batch_size.to_string(),
            ),
            (
                learning_rate.is_finite() && learning_rate > 0.0,
                "training.learning_rate",
                "a finite number above 0",
                learning_rate.to_string(),
            ),
            (
                betas.contains(&adam.beta_1),
                "training.adam.beta_1",
                "0 to below 1",
                adam.beta_1.to_string(),
            ),
            (
                betas.contains(&adam.beta_2),
                "training.adam.beta_2",
                "0 to below 1",
                adam.beta_2.to_string(),
            ),
            (
                adam.epsilon.is_finite() && adam.epsilon > 0.0,
                "training.adam.epsilon",
                "a finite number above 0",
                adam.epsilon.to_string(),
            ),
            (
                (2..=256).contains(&self.data.classes),
                "data.classes",
                "2 to 256",
                self.data.classes.to_string(),
            ),
            (
                keep == Keep::Last || self.data.validation > 0,
                "training.keep",
                "`last` where data.validation is 0, for only a validation set tells which epoch is best",
                "`best`".to_owned(),
            ),
        ];
        let (backbone, size) = (self.backbone, self.preprocessing.size);
        let (network, boundary) = (backbone.network, backbone.boundary);
        if !network.boundaries().any(|one| one == boundary) {
            let blocks: Vec<_> = network.boundaries().map(|one| one.to_string()).collect();
            return Err(RecipeError::Value {
                key: "backbone.boundary",
                expected: blocks.join(", "),
                found: boundary.to_string(),
            });
        }
        if backbone.unfreeze.check(boundary).is_err() {
            return Err(RecipeError::Value {
                key: "backbone.unfreeze",
                expected: format!("none, or a block up to backbone.boundary, which is {boundary}"),
                found: backbone.unfreeze.to_string(),
            });
        }
        let least = network.smallest_side(boundary);
        if size < least {
            let expected = format!("at least {least} for {boundary}");
            let (key, found) = ("preprocessing.size", size.to_string());
            return Err(RecipeError::Value {
                key,
                expected,
                found,
            });
        }
        match checks.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, expected, found)) => Err(RecipeError::Value {
                key,
                expected: expected.into(),
                found,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_network::{Boundary, Unfreeze};

    #[test]
    fn numbers_that_no_run_can_use() {
        let refused = |change: fn(&mut Recipe)| {
            let mut recipe = Recipe::default();
            change(&mut recipe);
            recipe.check().unwrap_err().to_string()
        };
        assert!(refused(|r| r.training.epochs = 0).contains("training.epochs"));
        assert!(refused(|r| r.training.batch_size = 0).contains("training.batch_size"));
        assert!(refused(|r| r.training.learning_rate = f64::NAN).contains("found NaN"));
        assert!(refused(|r| r.training.learning_rate = -1.0).contains("found -1"));
        assert!(refused(|r| r.training.adam.epsilon = 0.0).contains("epsilon"));
        assert!(refused(|r| r.training.adam.beta_1 = 1.0).contains("beta_1"));
        assert!(refused(|r| r.preprocessing.size = 31).contains("at least 32 for block5"));
        assert!(refused(|r| r.backbone.boundary = Boundary::IMAGES).contains("found images"));
        let behind = refused(|r| {
            r.backbone.boundary = Boundary::after(3);
            r.backbone.unfreeze = Unfreeze::From(Boundary::after(4));
        });
        assert!(behind.contains("which is block3, found block4"), "{behind}");
        assert!(refused(|r| r.data.classes = 1).contains("data.classes"));
        assert!(
            refused(|r| {
                r.data.validation = 0;
                r.training.keep = Keep::Best;
            })
            .contains("training.keep")
        );
    }
}
