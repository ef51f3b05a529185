//! From a name, a file and overrides to a checked recipe.
//!
//! The defaults are the seed recipe's table; a file and each override are laid over it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::overlay::{keys, overlay};
use crate::{Data, MNIST, Recipe, RecipeError, SEED};

/// Recipes that come with the binary.
const BUNDLED: &[(&str, &str)] = &[
    ("seed", SEED),
    ("best", include_str!("../../../recipes/best.toml")),
    ("few", include_str!("../../../recipes/few.toml")),
    ("finetune", include_str!("../../../recipes/finetune.toml")),
    ("photos", include_str!("../../../recipes/photos.toml")),
];

impl Recipe {
    /// Reads the recipe `name`: one from the folder `recipes`, a bundled one, or the path of a TOML
    /// file; then applies `overrides` of the form `key=value` in order.
    ///
    /// # Errors
    /// When there is no such recipe, it is not TOML, a key is unknown, or a value is unusable.
    pub fn load(name: &str, recipes: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        let (origin, text) = find("recipe", name, recipes, BUNDLED)?;
        let mut recipe = Self::parse(&origin, &text, overrides)?;
        // A run is evaluated from other folders than it was trained in.
        let Data {
            source,
            extra,
            labels,
            ..
        } = &mut recipe.data;
        for (path, none) in [(source, MNIST), (extra, ""), (labels, "")] {
            if path != none
                && !graft_dataset::is_url(Path::new(path))
                && let Ok(absolute) = std::path::absolute(&*path)
            {
                *path = absolute.display().to_string();
            }
        }
        Ok(recipe)
    }

    /// Reads a run's recipe: as [`Recipe::parse`], but runs of earlier versions may have `head.standardise`
    /// for `head.normalise`.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn recorded(origin: &str, text: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        let mut table = text.parse::<Table>().unwrap_or_default();
        let head = table.get_mut("head").and_then(Value::as_table_mut);
        let old = head.and_then(|head| Some((head.remove("standardise")?.as_bool()?, head)));
        let Some((standardise, head)) = old else {
            return Self::parse(origin, text, overrides);
        };
        let normalise = if standardise { "standardise" } else { "none" };
        head.insert("normalise".into(), normalise.into());
        Self::parse(origin, &table.to_string(), overrides)
    }

    /// Reads a recipe from TOML text; `origin` names it in errors.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn parse(origin: &str, text: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        let parse = |origin: &str, text: &str| {
            text.parse::<Table>().map_err(|error| RecipeError::Syntax {
                origin: origin.to_owned(),
                reason: error.to_string().trim().to_owned(),
            })
        };
        let mut table = parse("the seed recipe", SEED)?;
        let known = keys(&table, "");
        let given = parse(origin, text)?;
        overlay(&mut table, given, "", origin, &known)?;
        read(origin, table.clone())?;
        for set in overrides {
            let origin = format!("--set {set}");
            overlay(&mut table, override_table(set)?, "", &origin, &known)?;
            read(&origin, table.clone())?;
        }
        let recipe = read(origin, table)?;
        recipe.check()?;
        Ok(recipe)
    }
}

/// The text of the TOML file that is asked for, and what to call it in errors: by the name of a file in
/// `folder` or of a `bundled` one, or by its path. `what` is what it holds.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn find(
    what: &'static str,
    name: &str,
    folder: &Path,
    bundled: &[(&str, &str)],
) -> Result<(String, String), RecipeError> {
    let is_path = name.contains(['/', '\\']) || is_toml(Path::new(name));
    let path = if is_path {
        PathBuf::from(name)
    } else {
        folder.join(format!("{name}.toml"))
    };
    match fs::read_to_string(&path) {
        Ok(text) => return Ok((format!("{what} {}", path.display()), text)),
        Err(source) if is_path || path.exists() => {
            return Err(RecipeError::Read { what, path, source });
        }
        Err(_) => {}
    }
    let found = bundled.iter().find(|(bundled, _)| *bundled == name);
    let (name, text) = found.ok_or_else(|| RecipeError::Unknown {
        what,
        name: name.to_owned(),
        known: known(folder, bundled).join(", "),
    })?;
    Ok((format!("{what} {name}"), (*text).to_owned()))
}

fn known(folder: &Path, bundled: &[(&str, &str)]) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let local = files.map(|entry| entry.path()).filter(|path| is_toml(path));
    let local = local.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let bundled = bundled.iter().map(|(name, _)| (*name).to_owned());
    let names: BTreeSet<_> = bundled.chain(local).collect();
    names.into_iter().collect()
}

fn is_toml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
}

/// `training.seed=7` as a table; a value that is not TOML is taken as a string.
fn override_table(set: &str) -> Result<Table, RecipeError> {
    let refused = || RecipeError::Override(set.to_owned());
    let (key, text) = set.split_once('=').ok_or_else(refused)?;
    let parsed = format!("value = {text}").parse::<Table>();
    let value = parsed.ok().and_then(|mut table| table.remove("value"));
    let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
    let nest = |inner: Value, part: &str| {
        Value::Table(Table::from_iter([(part.trim().to_owned(), inner)]))
    };
    match key.rsplit('.').fold(value, nest) {
        Value::Table(table) => Ok(table),
        _ => Err(refused()),
    }
}

fn read(origin: &str, table: Table) -> Result<Recipe, RecipeError> {
    Recipe::deserialize(table).map_err(|error| RecipeError::Type {
        origin: origin.to_owned(),
        reason: plain(error.to_string().trim()),
    })
}

/// The parser's message without the names of Rust's types.
fn plain(message: &str) -> String {
    let words = [
        ("usize", "a whole number from 0"),
        ("u64", "a whole number from 0"),
        ("f64", "a number"),
        ("f32", "a number"),
        ("\n", " "),
    ];
    words
        .iter()
        .fold(message.to_owned(), |message, (rust, plain)| {
            message.replace(rust, plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Normalise;
    use graft_network::Boundary;

    fn with(overrides: &[&str]) -> Result<Recipe, RecipeError> {
        let overrides: Vec<_> = overrides.iter().map(|set| (*set).to_owned()).collect();
        Recipe::parse("test", "", &overrides)
    }

    #[test]
    fn overrides_are_applied_in_order() {
        let recipe = with(&[
            "training.seed=7",
            "training.learning_rate=1",
            "training.learning_rate=3e-4",
            "backbone.boundary=block4",
            "data.source=/some/folder",
        ])
        .unwrap();
        assert_eq!(recipe.training.seed, 7);
        assert!((recipe.training.learning_rate - 3e-4).abs() < 1e-18);
        assert_eq!(recipe.backbone.boundary, Boundary::after(4));
        assert_eq!(recipe.data.source, "/some/folder");
    }

    #[test]
    fn errors_name_the_key_and_suggest_the_nearest() {
        for (set, parts) in [
            (
                "training.learning_rat=1",
                &[
                    "unknown key `training.learning_rat`",
                    "`training.learning_rate`",
                ][..],
            ),
            (
                "trainin.learning_rate=1",
                &[
                    "unknown key `trainin.learning_rate`",
                    "`training.learning_rate`",
                ],
            ),
            (
                "learning_rate=1",
                &["unknown key `learning_rate`", "`training.learning_rate`"],
            ),
            ("training.batchsize=1", &["`training.batch_size`"]),
            (
                "backbone.boundary=block6",
                &["block6", "block5", "boundary"],
            ),
            ("training.epochs=many", &["epochs", "many"]),
            ("training.epochs=-1", &["epochs", "-1"]),
            ("training=3", &["[training]"]),
            ("training.epochs", &["KEY=VALUE"]),
            ("zzz=1", &["unknown key `zzz`"]),
            (
                "head.standardise=true",
                &["earlier versions", "head.normalise = \"standardise\""],
            ),
            // As typed, not as 1 or 0.
            (
                "training.adam.beta_1=0.99999999999",
                &["beta_1", "0.99999999999", "become 1"],
            ),
            (
                "training.adam.epsilon=1e-50",
                &["epsilon", "1e-50", "become 0"],
            ),
            ("training.clip_norm=1e39", &["clip_norm", "become infinite"]),
            (
                "training.learning_rate=1e-60",
                &["learning_rate", "1e-60", "become 0"],
            ),
        ] {
            let error = with(&[set]).unwrap_err().to_string();
            for part in parts {
                assert!(
                    error.contains(part),
                    "{set}: {part:?} is missing in {error:?}"
                );
            }
        }
    }

    #[test]
    fn recipes_of_earlier_runs_stay_readable() {
        for (text, expected) in [
            ("[head]\nstandardise = true", Normalise::Standardise),
            ("[head]\nstandardise = false", Normalise::None),
            ("[head]\nnormalise = \"power-l2\"", Normalise::PowerL2),
        ] {
            let recipe = Recipe::recorded("test", text, &[]).unwrap();
            assert_eq!(recipe.head.normalise, expected);
        }
        for text in ["[head]\nstandardise = 3", "[head\n"] {
            assert!(Recipe::recorded("test", text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn files() {
        let folder = tempfile::tempdir().unwrap();
        let load = |name: &str| Recipe::load(name, folder.path(), &[]);
        fs::write(folder.path().join("mine.toml"), "[training]\nepochs = 3\n").unwrap();
        assert_eq!(load("seed").unwrap(), Recipe::default());
        assert_eq!(load("mine").unwrap().training.epochs, 3);
        assert_eq!(load("best").unwrap().head.normalise, Normalise::PowerL2);
        assert_eq!(load("few").unwrap().data.per_class, 10);
        let error = load("other").unwrap_err().to_string();
        assert!(
            error.contains("best, few, finetune, mine, photos, seed"),
            "{error}"
        );
        let error = load("no/such.toml").unwrap_err().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
        fs::write(folder.path().join("broken.toml"), "[training\n").unwrap();
        let error = load("broken").unwrap_err().to_string();
        assert!(
            error.contains("broken.toml") && error.contains("not TOML"),
            "{error}"
        );
    }
}
