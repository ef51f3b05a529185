//! Numbers that no run can use.

use graft_dataset::{Holdout, ImageSet};
use graft_network::Unfreeze;

use crate::{Backbone, Keep, Recipe, RecipeError};

impl Recipe {
    /// Which of `images` are learned from, and which are held out.
    ///
    /// # Errors
    /// When as many as all images are to be held out.
    pub fn holdout(&self, images: &ImageSet) -> Result<Holdout, RecipeError> {
        let (held_out, all) = (self.data.validation, images.len());
        if images.names().is_empty() {
            let expected = format!("fewer than the {all} training images");
            ensure(held_out < all, "data.validation", expected, held_out)?;
        }
        Ok(images.holdout(held_out, self.training.seed)?)
    }

    /// Refuses numbers that no run can use.
    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        let Backbone {
            network,
            boundary,
            unfreeze,
            ..
        } = self.backbone;
        let blocks: Vec<_> = network.boundaries().map(|one| one.to_string()).collect();
        let is_known = network.boundaries().any(|one| one == boundary);
        ensure(is_known, "backbone.boundary", blocks.join(", "), boundary)?;
        let is_kept = !matches!(unfreeze, Unfreeze::From(stage) if stage > boundary);
        let expected = format!("none, or a block up to backbone.boundary, which is {boundary}");
        ensure(is_kept, "backbone.unfreeze", expected, unfreeze)?;
        let (least, size) = (network.smallest_side(boundary), self.preprocessing.size);
        let expected = format!("at least {least} for {boundary}");
        ensure(size >= least, "preprocessing.size", expected, size)?;

        let (training, adam) = (&self.training, &self.training.adam);
        for (key, found) in [
            ("training.epochs", training.epochs),
            ("training.batch_size", training.batch_size),
        ] {
            ensure(found > 0, key, "at least 1", found)?;
        }
        let (rate, epsilon) = (training.learning_rate, adam.epsilon);
        let (holds, positive) = (rate.is_finite() && rate > 0.0, "a finite number above 0");
        ensure(holds, "training.learning_rate", positive, rate)?;
        for (key, found) in [
            ("training.adam.beta_1", adam.beta_1),
            ("training.adam.beta_2", adam.beta_2),
        ] {
            let holds = (0.0..1.0).contains(&found);
            ensure(holds, key, "0 to below 1", found)?;
        }
        let holds = epsilon.is_finite() && epsilon > 0.0;
        ensure(holds, "training.adam.epsilon", positive, epsilon)?;
        let holds = training.clip_norm.is_finite() && training.clip_norm >= 0.0;
        let expected = "a finite number from 0";
        ensure(holds, "training.clip_norm", expected, training.clip_norm)?;
        let share = self.data.test_share;
        ensure(
            (0.0..1.0).contains(&share),
            "data.test_share",
            "0 to below 1",
            share,
        )?;
        let classes = self.data.classes;
        let holds = (2..=256).contains(&classes);
        ensure(holds, "data.classes", "2 to 256", classes)?;
        ensure(
            training.keep == Keep::Last || self.data.validation > 0,
            "training.keep",
            "`last` where data.validation is 0, for only a validation set tells which epoch is best",
            "`best`",
        )
    }
}

/// Refuses the value `found` of `key` unless `holds`.
fn ensure(
    holds: bool,
    key: &'static str,
    expected: impl Into<String>,
    found: impl Copy + ToString,
) -> Result<(), RecipeError> {
    if holds {
        return Ok(());
    }
    Err(RecipeError::Value {
        key,
        expected: expected.into(),
        found: found.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_network::Boundary;

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
        assert!(refused(|r| r.training.clip_norm = -1.0).contains("clip_norm"));
        assert!(refused(|r| r.preprocessing.size = 31).contains("at least 32 for block5"));
        assert!(refused(|r| r.backbone.boundary = Boundary::IMAGES).contains("found images"));
        let behind = refused(|r| {
            r.backbone.boundary = Boundary::after(3);
            r.backbone.unfreeze = Unfreeze::From(Boundary::after(4));
        });
        assert!(behind.contains("which is block3, found block4"), "{behind}");
        assert!(refused(|r| r.data.test_share = 1.0).contains("data.test_share"));
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
