//! From a name or a file to a sweep.

use std::path::Path;

use graft_recipe::find;
use graft_report::sweep::{BUNDLED, Sweep};

use crate::Error;

/// A sweep with its name.
pub struct Loaded {
    /// The name; its result is kept under it.
    pub name: String,
    /// What it was asked for by: its name, or the path of its file.
    pub asked: String,
    /// The sweep.
    pub sweep: Sweep,
}

impl Loaded {
    /// Reads the sweep `asked`: one from the folder `labs` of `recipes`, a bundled one, or the path of a
    /// TOML file.
    ///
    /// # Errors
    /// When there is no such sweep, or it cannot be used.
    pub fn new(asked: &str, recipes: &Path) -> Result<Self, Error> {
        let (origin, text) = find("lab", asked, &recipes.join("labs"), &BUNDLED)?;
        let name = asked.rsplit(['/', '\\']).next().unwrap_or_default();
        Ok(Self {
            name: name.strip_suffix(".toml").unwrap_or(name).to_owned(),
            asked: asked.to_owned(),
            sweep: Sweep::parse(&origin, &text)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_files_and_what_is_neither() {
        let folder = tempfile::tempdir().unwrap();
        let recipes = folder.path();
        let new = |asked: &str| Loaded::new(asked, recipes);
        assert_eq!(new("boundary").unwrap().name, "boundary");
        let labs = recipes.join("labs");
        fs::create_dir(&labs).unwrap();
        let mine = labs.join("mine.toml");
        fs::write(&mine, BUNDLED[3].1).unwrap();
        for asked in ["mine", mine.to_str().unwrap()] {
            let loaded = new(asked).unwrap();
            assert_eq!(
                (loaded.name.as_str(), loaded.asked.as_str()),
                ("mine", asked)
            );
            assert_eq!(loaded.sweep.trainings, 5);
        }
        let error = new("boundery").err().unwrap().to_string();
        assert!(
            error.contains("no lab `boundery`")
                && error.contains("boundary, learning-rate, mine, "),
            "{error}"
        );
        let error = new("no/such.toml").err().unwrap().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
        fs::write(labs.join("boundary.toml"), "[axis\n").unwrap();
        let error = new("boundary").err().unwrap().to_string();
        assert!(error.contains("boundary.toml"), "{error}");
    }
}
