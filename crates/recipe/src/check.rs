//! Numbers that no run can use.

use graft_dataset::{Augmentation, Holdout, ImageSet};
use graft_network::Unfreeze;

use crate::{Backbone, Keep, Recipe, RecipeError, Schedule, Training};

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

        let scale = self.head.scale;
        ensure(is_positive(scale), "head.scale", POSITIVE, scale)?;
        let hidden = &self.head.hidden;
        let holds = hidden.len() <= MOST_HIDDEN && hidden.iter().all(|units| UNITS.contains(units));
        let expected = format!(
            "up to {MOST_HIDDEN} layers of {} to {} units",
            UNITS.start(),
            UNITS.end()
        );
        let found = format!("{hidden:?}");
        ensure(holds, "head.hidden", expected, found.as_str())?;
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
        let validates = self.data.validation > 0;
        ensure(
            self.training.keep == Keep::Last || validates,
            "training.keep",
            "`last` where data.validation is 0, for only a validation set tells which epoch is best",
            "`best`",
        )?;
        ensure(
            self.training.patience == 0 || validates,
            "training.patience",
            "0 where data.validation is 0, for only a validation set tells when to stop",
            self.training.patience,
        )?;
        ensure(
            !self.training.calibrate || validates,
            "training.calibrate",
            "false where data.validation is 0, for probabilities are fitted to a validation set",
            true,
        )?;
        check_augmentation(&self.augmentation)?;
        self.training.check()
    }
}

/// Refuses ranges that no image can be changed by.
fn check_augmentation(augmentation: &Augmentation) -> Result<(), RecipeError> {
    let angle = augmentation.rotate;
    let holds = (0.0..=180.0).contains(&angle);
    ensure(holds, "augmentation.rotate", "0 to 180 degrees", angle)?;
    for (key, share) in [
        ("augmentation.scale", augmentation.scale),
        ("augmentation.shear", augmentation.shear),
        ("augmentation.shift", augmentation.shift),
        ("augmentation.elastic", augmentation.elastic),
        ("augmentation.cutout", augmentation.cutout),
        ("augmentation.brightness", augmentation.brightness),
        ("augmentation.contrast", augmentation.contrast),
    ] {
        ensure((0.0..1.0).contains(&share), key, "0 to below 1", share)?;
    }
    Ok(())
}

impl Training {
    /// Refuses numbers that no training can use.
    fn check(&self) -> Result<(), RecipeError> {
        for (key, found) in [
            ("training.epochs", self.epochs),
            ("training.batch_size", self.batch_size),
        ] {
            ensure(found > 0, key, "at least 1", found)?;
        }
        for (key, found) in [
            ("training.learning_rate", self.learning_rate),
            ("training.stage_factor", self.stage_factor),
            ("training.adam.epsilon", self.adam.epsilon.into()),
        ] {
            ensure(is_positive(found), key, POSITIVE, found)?;
        }
        for (key, found) in [
            ("training.warmup", self.warmup),
            ("training.label_smoothing", self.label_smoothing.into()),
            ("training.dropout", self.dropout.into()),
            ("training.ema", self.ema.into()),
            ("training.adam.beta_1", self.adam.beta_1.into()),
            ("training.adam.beta_2", self.adam.beta_2.into()),
        ] {
            ensure((0.0..1.0).contains(&found), key, "0 to below 1", found)?;
        }
        for (key, found) in [
            ("training.clip_norm", self.clip_norm),
            ("training.weight_decay", self.weight_decay),
        ] {
            let holds = found.is_finite() && found >= 0.0;
            ensure(holds, key, "a finite number from 0", found)?;
        }
        ensure(
            self.schedule != Schedule::OneCycle || self.warmup > 0.0,
            "training.warmup",
            "above 0 where training.schedule is one-cycle, such as 0.3",
            self.warmup,
        )?;
        let expected = format!("less than training.epochs, which is {}", self.epochs);
        let (alone, holds) = (self.warmup_epochs, self.warmup_epochs < self.epochs);
        ensure(holds, "training.warmup_epochs", expected, alone)
    }
}

/// The most hidden layers: more have no use behind a pretrained network.
const MOST_HIDDEN: usize = 4;
/// The units that a hidden layer may have.
const UNITS: std::ops::RangeInclusive<usize> = 1..=65_536;

const POSITIVE: &str = "a finite number above 0";

fn is_positive(number: impl Into<f64>) -> bool {
    let number = number.into();
    number.is_finite() && number > 0.0
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
        assert!(refused(|r| r.training.weight_decay = -0.1).contains("weight_decay"));
        assert!(refused(|r| r.training.label_smoothing = 1.0).contains("label_smoothing"));
        assert!(refused(|r| r.training.ema = 1.0).contains("training.ema"));
        assert!(refused(|r| r.training.warmup = -0.1).contains("training.warmup"));
        assert!(refused(|r| r.training.schedule = Schedule::OneCycle).contains("such as 0.3"));
        assert!(refused(|r| r.training.stage_factor = 0.0).contains("stage_factor"));
        let all = refused(|r| r.training.warmup_epochs = 10);
        assert!(all.contains("training.epochs, which is 10"), "{all}");
        let blind = refused(|r| {
            r.data.validation = 0;
            r.training.patience = 3;
        });
        assert!(blind.contains("training.patience"), "{blind}");
        let blind = refused(|r| {
            r.data.validation = 0;
            r.training.calibrate = true;
        });
        assert!(blind.contains("training.calibrate"), "{blind}");
        assert!(refused(|r| r.head.scale = 0.0).contains("head.scale"));
        assert!(refused(|r| r.head.hidden = vec![64, 0]).contains("found [64, 0]"));
        assert!(refused(|r| r.head.hidden = vec![1; 5]).contains("up to 4 layers"));
        assert!(refused(|r| r.training.dropout = 1.0).contains("training.dropout"));
        assert!(refused(|r| r.preprocessing.size = 31).contains("at least 32 for block5"));
        assert!(refused(|r| r.backbone.boundary = Boundary::IMAGES).contains("found images"));
        let behind = refused(|r| {
            r.backbone.boundary = Boundary::after(3);
            r.backbone.unfreeze = Unfreeze::From(Boundary::after(4));
        });
        assert!(behind.contains("which is block3, found block4"), "{behind}");
        assert!(refused(|r| r.data.test_share = 1.0).contains("data.test_share"));
        assert!(refused(|r| r.augmentation.rotate = 181.0).contains("found 181"));
        assert!(refused(|r| r.augmentation.scale = 1.0).contains("augmentation.scale"));
        assert!(refused(|r| r.augmentation.elastic = f64::NAN).contains("augmentation.elastic"));
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
