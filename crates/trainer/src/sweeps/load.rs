//! From a name or a file to a sweep.

use std::fs;
use std::path::{Path, PathBuf};

use graft_report::sweep::{BUNDLED, Sweep, SweepError};

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
    pub fn new(asked: &str, recipes: &Path) -> Result<Self, SweepError> {
        let labs = recipes.join("labs");
        let path = Path::new(asked);
        let is_path =
            asked.contains(['/', '\\']) || path.extension().is_some_and(|end| end == "toml");
        let path = if is_path {
            path.to_owned()
        } else {
            labs.join(format!("{asked}.toml"))
        };
        let (origin, text) = match fs::read_to_string(&path) {
            Ok(text) => (format!("sweep {}", path.display()), text),
            Err(source) if is_path || path.exists() => {
                return Err(SweepError::Read { path, source });
            }
            Err(_) => match BUNDLED.iter().find(|(name, _)| *name == asked) {
                Some((name, text)) => (format!("sweep {name}"), (*text).to_owned()),
                None => return Err(unknown(asked, &labs)),
            },
        };
        let stem = path.file_stem().unwrap_or_default();
        Ok(Self {
            name: stem.to_string_lossy().into_owned(),
            asked: asked.to_owned(),
            sweep: Sweep::parse(&origin, &text)?,
        })
    }
}

fn unknown(name: &str, labs: &Path) -> SweepError {
    let files = fs::read_dir(labs).into_iter().flatten().flatten();
    let files = files.map(|file| PathBuf::from(file.file_name()));
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "toml"));
    let stems = files.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()));
    let mut known: Vec<String> = BUNDLED.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.extend(stems);
    known.sort();
    known.dedup();
    SweepError::Unknown {
        name: name.to_owned(),
        known: known.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            error.contains("boundery") && error.contains("boundary, learning-rate, mine, "),
            "{error}"
        );
        let error = new("no/such.toml").err().unwrap().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
        fs::write(labs.join("boundary.toml"), "[axis\n").unwrap();
        let error = new("boundary").err().unwrap().to_string();
        assert!(error.contains("boundary.toml"), "{error}");
    }
}
