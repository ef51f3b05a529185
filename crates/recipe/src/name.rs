//! A recipe's name, which its runs are called by.

use std::path::Path;

use crate::RecipeError;

/// Folders of runs are called by the time and the recipe, and file systems allow 255 bytes.
pub(crate) const MOST_BYTES: usize = 200;

/// The name of the recipe `given`, a name or the path of a file: without folder and ending.
///
/// # Errors
/// When no folder of a run can be called by it.
pub fn recipe_name(given: &str) -> Result<String, RecipeError> {
    let stem = Path::new(given).file_stem().unwrap_or_default();
    let name = stem.to_string_lossy().into_owned();
    let found = match name.len() {
        1..=MOST_BYTES if !name.contains(char::is_control) => return Ok(name),
        1..=MOST_BYTES => "a control character".into(),
        bytes => format!("{bytes} bytes"),
    };
    Err(RecipeError::Name { name, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_folders_can_have() {
        for (given, expected) in [
            ("seed", "seed"),
            ("some/folder/my recipe.toml", "my recipe"),
            ("配方.toml", "配方"),
        ] {
            assert_eq!(recipe_name(given).unwrap(), expected);
        }
        let long = format!("{}.toml", "a".repeat(MOST_BYTES + 1));
        for (given, part) in [
            (&*long, "201 bytes"),
            ("two\nlines.toml", "control"),
            ("", "0 bytes"),
        ] {
            let error = recipe_name(given).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
