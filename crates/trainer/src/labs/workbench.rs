//! What labs work on: images, the frozen backbone, and features that several of them share.

use graft_dataset::{Holdout, ImageSet, Preprocessing, Split};
use graft_report::lab::Pass;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::sources::Sources;
use graft_compute::ComputeContext;
use graft_compute::LoadedBackbone;
use graft_environment::Paths;
use graft_features::Extractor;
use graft_features::Features;
use graft_recipe::{Recipe, RecipeError};

/// Images and the backbone, once for all labs.
pub struct Workbench<'a> {
    /// The seed recipe, but for its data and its seed.
    pub(super) recipe: Recipe,
    /// What was overridden of it.
    pub(super) overrides: Vec<String>,
    pub(super) compute: &'a ComputeContext,
    pub(super) home: &'a Paths,
    pub(super) train: ImageSet,
    pub(super) test: ImageSet,
    /// VGG16 with its weights from `ImageNet`, up to block 5.
    pub(super) loaded: LoadedBackbone,
    /// The sets of features that the running lab has asked for.
    pub(super) passes: Vec<Pass>,
}

/// Features of training and test images.
pub(super) struct Pair {
    pub(super) train: Features,
    pub(super) test: Features,
}

impl<'a> Workbench<'a> {
    /// Reads the images and the backbone.
    ///
    /// # Errors
    /// When the overrides change what labs set themselves, or something is missing that cannot be
    /// fetched.
    pub fn new(
        overrides: &[String],
        compute: &'a ComputeContext,
        home: &'a Paths,
        sources: &mut Sources,
    ) -> Result<Self, Error> {
        let recipe = Recipe::load("seed", &home.recipes(), overrides)?;
        check(&recipe)?;
        Ok(Self {
            train: sources.images(&recipe, Split::Train)?,
            test: sources.images(&recipe, Split::Test)?,
            loaded: sources.backbone(compute, recipe.backbone)?,
            overrides: overrides.to_vec(),
            recipe,
            compute,
            home,
            passes: Vec::new(),
        })
    }

    /// Features after block 5 of all images, as the seed recipe has them: those that `train` uses.
    pub(super) fn seed_features(&mut self) -> Result<Pair, Error> {
        let train = self.train.clone();
        self.features("seed recipe", &train, Preprocessing::default())
    }

    /// Features after block 5 of `train` and of all test images.
    pub(super) fn features(
        &mut self,
        what: &str,
        train: &ImageSet,
        preprocessing: Preprocessing,
    ) -> Result<Pair, Error> {
        let mut recipe = self.recipe.clone();
        recipe.preprocessing = preprocessing;
        let mut passes = Vec::new();
        let pair = features(&self.loaded, &recipe, self, (what, train), &mut passes)?;
        self.passes.extend(passes);
        Ok(pair)
    }

    /// The first training images, as many as cells with their own backbone pass learn from.
    pub(super) fn few(&self) -> Result<ImageSet, Error> {
        let limit = self.train.len().min(super::OWN_PASS);
        Ok(self.train.clone().first(limit)?)
    }

    /// Which images are learned from and which are held out, as the recipe's seed has it. Every
    /// training of a lab has the same, whatever its own seed.
    pub(super) fn holdout(&self) -> Result<Holdout, Error> {
        if self.recipe.data.validation == 0 {
            return Err(RecipeError::Value {
                key: "data.validation",
                expected: "at least 1 for this lab, which chooses by held-out images".into(),
                found: "0".into(),
            }
            .into());
        }
        Ok(self.recipe.holdout(&self.train)?)
    }

    /// Training images with their features.
    pub(super) fn train_examples<'b>(&'b self, features: &'b Features) -> LabelledFeatures<'b> {
        self.examples(features, self.train.labels())
    }

    /// Test images with their features.
    pub(super) fn test_examples<'b>(&'b self, features: &'b Features) -> LabelledFeatures<'b> {
        self.examples(features, self.test.labels())
    }

    fn examples<'b>(&'b self, features: &'b Features, labels: &'b [u8]) -> LabelledFeatures<'b> {
        LabelledFeatures {
            features,
            labels,
            classes: self.recipe.data.classes,
            device: &self.compute.device,
            backend: self.compute.backend,
        }
    }
}

/// Features of `train` and of all test images by the backbone `loaded`.
pub(super) fn features(
    loaded: &LoadedBackbone,
    recipe: &Recipe,
    bench: &Workbench,
    (what, train): (&str, &ImageSet),
    passes: &mut Vec<Pass>,
) -> Result<Pair, Error> {
    let mut of = |images: &ImageSet, split: Split, name: &str| {
        let extracted =
            Extractor::new(loaded, recipe, bench.compute, bench.home).features(images, split)?;
        passes.push(Pass {
            features: format!("{name} images, {what}"),
            images: images.len(),
            cached: extracted.cached,
            seconds: extracted.seconds,
        });
        Ok::<_, Error>(extracted.features)
    };
    Ok(Pair {
        train: of(train, Split::Train, "training")?,
        test: of(&bench.test, Split::Test, "test")?,
    })
}

/// Refuses a recipe that differs from the seed recipe in what labs vary or hold fixed themselves.
fn check(recipe: &Recipe) -> Result<(), RecipeError> {
    let mut expected = Recipe {
        data: recipe.data.clone(),
        ..Recipe::default()
    };
    expected.training.seed = recipe.training.seed;
    if *recipe == expected {
        return Ok(());
    }
    Err(RecipeError::Type {
        origin: "a lab's recipe".into(),
        reason: "labs set everything but the data and the seed themselves; override only data.* and training.seed".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_and_seed_may_be_overridden() {
        let checked = |set: &str| {
            check(&Recipe::parse("", "", &[set.to_owned()]).unwrap()).map_err(|e| e.to_string())
        };
        assert_eq!(checked("data.limit=600"), Ok(()));
        assert_eq!(checked("training.seed=7"), Ok(()));
        for set in ["training.epochs=3", "backbone.boundary=block3"] {
            let error = checked(set).unwrap_err();
            assert!(error.contains("data.* and training.seed"), "{error}");
        }
    }
}
