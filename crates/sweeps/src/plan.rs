//! What a sweep trains: the recipe of every cell.

use std::path::Path;

use graft_network::Unfreeze;
use graft_recipe::{Pool, Recipe, RecipeError};
use graft_report::sweep::{Cells, Pick, Split, Sweep, SweepError};
use serde::Deserialize;
use toml::{Table, Value};

use crate::own::{Classifier, Own, Source};
use crate::{Error, Loaded};

/// What a sweep trains.
pub(super) struct Plan<'a> {
    pub(super) sweep: &'a Sweep,
    /// The base recipe with the overrides of its data and its seed.
    pub(super) base: Recipe,
    /// All combinations of the axes' values; the last axis' value changes first.
    pub(super) cells: Vec<Planned>,
    /// The place of the base recipe's value on each axis, where it is there.
    base_at: Vec<Option<usize>>,
}

/// A cell to be trained.
pub(super) struct Planned {
    pub(super) at: Vec<usize>,
    pub(super) recipe: Recipe,
    pub(super) own: Own,
}

impl<'a> Plan<'a> {
    /// Puts the recipes of all cells together.
    ///
    /// # Errors
    /// When the base recipe, an override or a cell's recipe cannot be used, or a pick is not decided.
    pub(super) fn new(
        loaded: &'a Loaded,
        overrides: &[String],
        recipes: &Path,
    ) -> Result<Self, Error> {
        let sweep = &loaded.sweep;
        let base = Recipe::load(&sweep.base, recipes, overrides)?;
        check(&base, &Recipe::load(&sweep.base, recipes, &[])?)?;
        let wrong = |reason: String| SweepError {
            origin: format!("lab {}", loaded.asked),
            reason,
        };
        let cell = |at: &[Option<usize>]| {
            let values = sweep.axis.iter().zip(at);
            let values =
                values.filter_map(|(axis, place)| Some((&axis.key, axis.values.get((*place)?)?)));
            let (mut sets, mut own) = (overrides.to_vec(), Table::new());
            for (key, value) in sweep.set.iter().chain(values) {
                match (key.strip_prefix("sweep."), value) {
                    (Some(key), value) => drop(own.insert(key.to_owned(), value.clone())),
                    (None, Value::Table(keys)) if key == "sweep" => own.extend(keys.clone()),
                    (None, value) => sets.push(format!("{key}={value}")),
                }
            }
            let recipe = Recipe::load(&sweep.base, recipes, &sets);
            let recipe = recipe.map_err(|error| wrong(error.to_string()))?;
            let mut data = recipe.data.clone();
            data.validation = base.data.validation;
            if data != base.data {
                return Err(wrong("expected the base recipe's images in every cell; of data.*, a sweep may set data.validation alone".into()));
            }
            let own = Own::deserialize(own).map_err(|error| wrong(format!("sweep.*: {error}")))?;
            let plain = Own {
                features: Source::Pretrained,
                classifier: Classifier::Head,
                ..own
            };
            if own != plain && recipe.backbone.unfreeze != Unfreeze::None {
                return Err(wrong("expected backbone.unfreeze = \"none\" wherever sweep.features is not \"pretrained\" or sweep.classifier not \"head\"".into()));
            }
            if own.features == Source::Pixels && recipe.head.pool == Pool::Average {
                return Err(wrong("expected head.pool = \"flatten\" wherever sweep.features is \"pixels\", which have no maps".into()));
            }
            let at = at.iter().map(|place| place.unwrap_or_default()).collect();
            Ok(Planned { at, recipe, own })
        };
        let unvaried = vec![None; sweep.axis.len()];
        let at_base = cell(&unvaried)?;
        let mut base_at = unvaried.clone();
        let mut all = vec![Vec::new()];
        for (number, axis) in sweep.axis.iter().enumerate() {
            let places = 0..axis.values.len();
            for place in places.clone() {
                let mut varied = unvaried.clone();
                varied[number] = Some(place);
                let varied = cell(&varied)?;
                if varied.recipe == at_base.recipe && varied.own == at_base.own {
                    base_at[number] = Some(place);
                }
            }
            let longer = |at: &Vec<_>| {
                let at = at.clone();
                places
                    .clone()
                    .map(move |place| [&at[..], &[Some(place)]].concat())
            };
            all = all.iter().flat_map(longer).collect();
        }
        let cells = all.iter().map(|at| cell(at)).collect::<Result<_, _>>()?;
        let plan = Self {
            sweep,
            base,
            cells,
            base_at,
        };
        plan.check().map_err(wrong)?;
        Ok(plan)
    }

    /// The place on each axis that a pick has; none where any may do.
    ///
    /// # Errors
    /// When the pick leaves an axis open on which the base recipe has no place.
    pub(super) fn place(&self, pick: &Pick) -> Result<Vec<Option<usize>>, String> {
        let axes = self.sweep.axis.iter().zip(&self.base_at);
        axes.map(|(axis, base)| match pick.at.get(&axis.name) {
            Some(value) => Ok(axis.place(value)),
            None if pick.best.is_some() || axis.tuned => Ok(None),
            None if base.is_some() => Ok(*base),
            None => Err(format!(
                "expected a value of axis `{}` in `at` of every pick and comparison, since the base recipe's value is none of its values",
                axis.name
            )),
        })
        .collect()
    }

    /// A comparison's cells as a pick; none where there is none of that name.
    pub(super) fn pick(&self, cells: &Cells) -> Option<Pick> {
        match cells {
            Cells::Pick(name) => self.sweep.pick.get(name).cloned(),
            Cells::At(at) => Some(Pick {
                at: at.clone(),
                ..Pick::default()
            }),
        }
    }

    /// What is wrong with what is compared and chosen.
    fn check(&self) -> Result<(), String> {
        let sweep = self.sweep;
        let compared = sweep.compare.values();
        let compared = compared.flat_map(|compare| compare.of.iter().chain([&compare.with]));
        let compared = compared.filter_map(|cells| self.pick(cells));
        for pick in sweep.pick.values().cloned().chain(compared) {
            self.place(&pick)?;
        }
        let chooses = sweep.measure == Split::Validation
            || sweep.chart.x == "validation"
            || sweep.axis.iter().any(|axis| axis.tuned)
            || sweep
                .pick
                .values()
                .any(|pick| pick.best == Some(Split::Validation));
        let validated = |cell: &Planned| cell.recipe.data.validation > 0;
        if chooses && !self.cells.iter().all(validated) {
            return Err("expected data.validation of at least 1, since validation images are what it chooses by or measures on".into());
        }
        Ok(())
    }
}

/// Refuses overrides of anything but the data and the seed.
fn check(recipe: &Recipe, base: &Recipe) -> Result<(), RecipeError> {
    let mut expected = Recipe {
        data: recipe.data.clone(),
        ..base.clone()
    };
    expected.training.seed = recipe.training.seed;
    if *recipe == expected {
        return Ok(());
    }
    Err(RecipeError::Type {
        origin: "--set".into(),
        reason: "of a lab, override only data.* and training.seed; to change anything else, copy its file from recipes/labs, edit it and give its path".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_recipe::Normalise;

    fn loaded(name: &str) -> Loaded {
        Loaded::new(name, Path::new("none")).unwrap()
    }

    /// The sweep `name` with a change of its text.
    fn changed(name: &str, from: &str, to: &str) -> Result<(), String> {
        let (_, text) = graft_report::sweep::BUNDLED
            .into_iter()
            .find(|(found, _)| *found == name)
            .unwrap();
        let loaded = Loaded {
            name: "changed".into(),
            asked: "changed.toml".into(),
            sweep: Sweep::parse("", &text.replacen(from, to, 1))
                .map_err(|error| error.to_string())?,
        };
        let plan = Plan::new(&loaded, &[], Path::new("none"));
        plan.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn cells_are_all_combinations() {
        for (name, cells, base_at) in [
            ("small-data", 21, &[Some(0), None][..]),
            ("preprocessing", 16, &[Some(0), Some(0), Some(0)]),
            ("boundary", 20, &[Some(4), Some(2)]),
            ("learning-rate", 24, &[Some(1), Some(2)]),
            ("validation", 60, &[Some(0), Some(1), Some(2), Some(0)]),
        ] {
            let loaded = loaded(name);
            let plan = Plan::new(&loaded, &[], Path::new("none")).unwrap();
            assert_eq!(plan.cells.len(), cells, "{name}");
            assert_eq!(plan.base_at, base_at, "{name}");
        }
        let loaded = loaded("boundary");
        let sets = [
            "data.validation=32".to_owned(),
            "training.seed=7".to_owned(),
        ];
        let plan = Plan::new(&loaded, &sets, Path::new("none")).unwrap();
        let cell = &plan.cells[6];
        assert_eq!(cell.at, [1, 2]);
        assert_eq!(cell.recipe.backbone.boundary.to_string(), "block2");
        assert!((cell.recipe.training.learning_rate - 0.001).abs() < 1e-12);
        assert_eq!(
            (cell.recipe.training.seed, cell.recipe.training.batch_size),
            (7, 128)
        );
        assert_eq!(cell.recipe.data.validation, 32);
        assert_eq!(cell.recipe.head.normalise, Normalise::Standardise);
        let preprocessing = self::loaded("preprocessing");
        let plan = Plan::new(&preprocessing, &sets, Path::new("none")).unwrap();
        let last = &plan.cells[15];
        let expected = graft_dataset::Preprocessing {
            fit: graft_dataset::ResizeMode::Resize,
            size: 64,
            scaling: graft_dataset::Scaling::Caffe,
        };
        assert_eq!(last.recipe.preprocessing, expected);
        assert_eq!((last.recipe.data.validation, last.own.images), (0, 10_000));
    }

    #[test]
    fn all_labs_of_the_checkout_can_be_planned() {
        let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
        let labs = std::fs::read_dir(recipes.join("labs")).unwrap();
        let mut count = 0;
        for lab in labs {
            let lab = lab.unwrap().path();
            let loaded = Loaded::new(lab.to_str().unwrap(), Path::new("none")).unwrap();
            let plan = Plan::new(&loaded, &[], Path::new("none")).unwrap();
            assert!(plan.cells.len() > 1, "{}", lab.display());
            count += 1;
        }
        assert!(count > graft_report::sweep::BUNDLED.len());
    }

    #[test]
    fn only_data_and_seed_may_be_overridden() {
        let loaded = loaded("boundary");
        let new = |set: &str| {
            let plan = Plan::new(&loaded, &[set.to_owned()], Path::new("none"));
            plan.map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(new("data.limit=600"), Ok(()));
        assert_eq!(new("training.seed=7"), Ok(()));
        for set in ["training.epochs=3", "backbone.boundary=block3"] {
            let error = new(set).unwrap_err();
            assert!(error.contains("data.* and training.seed"), "{error}");
        }
        let error = new("data.validation=0").unwrap_err();
        assert!(
            error.contains("lab boundary") && error.contains("data.validation"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_trained_or_chosen_is_named() {
        for (name, from, to, parts) in [
            (
                "learning-rate",
                "training.batch_size",
                "training.batchsize",
                &["lab changed.toml", "`training.batch_size`"][..],
            ),
            (
                "learning-rate",
                "[8, ",
                "[0, ",
                &["training.batch_size", "at least 1"],
            ),
            (
                "small-data",
                "sweep.features",
                "sweep.feature",
                &["sweep.*", "feature"],
            ),
            (
                "small-data",
                "\"pixels\"]\nlabel",
                "\"pixel\"]\nlabel",
                &["pixel"],
            ),
            (
                "small-data",
                "of = \"few\"\nwith = { images = 10, features = \"pixels\" }",
                "of = \"few\"\nwith = { features = \"pixels\" }",
                &["axis `images`"],
            ),
            (
                "small-data",
                "sweep.steps = 300",
                "backbone.unfreeze = \"block5\"",
                &["backbone.unfreeze"],
            ),
            (
                "small-data",
                "sweep.steps = 300",
                "head.pool = \"average\"",
                &["head.pool"],
            ),
            (
                "preprocessing",
                "data.validation = 0",
                "data.limit = 7",
                &["data.validation alone"],
            ),
            (
                "boundary",
                "training.epochs = 5",
                "data.validation = 0",
                &["data.validation of at least 1"],
            ),
        ] {
            let error = changed(name, from, to).expect_err(to);
            for part in parts {
                assert!(error.contains(part), "{part} is missing in {error}");
            }
        }
    }
}
