//! What can be wrong with a recipe or an override.

use std::path::PathBuf;

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// No recipe, or no lab, of that name.
    #[error("no {what} `{name}`: expected one of {known}, or the path of a .toml file")]
    Unknown {
        /// What was asked for.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {what} {}: {source}; give a {what}'s name or the path of a .toml file", path.display())]
    Read {
        /// What was asked for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A recipe file that is not TOML.
    #[error("{origin} is not TOML: {reason}")]
    Syntax {
        /// The file or override.
        origin: String,
        /// What the parser says.
        reason: String,
    },
    /// A key that no recipe has.
    #[error("{origin}: unknown key `{key}`{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    UnknownKey {
        /// The file or override.
        origin: String,
        /// The key.
        key: String,
        /// The nearest key that there is.
        suggestion: Option<String>,
    },
    /// A value of the wrong type, or not one of the choices.
    #[error("{origin}: {reason}")]
    Type {
        /// The file or override.
        origin: String,
        /// What is wrong, and with which key.
        reason: String,
    },
    /// A value that no run can use.
    #[error("recipe key {key}: expected {expected}, found {found}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: String,
        /// What it has.
        found: String,
    },
    /// An override that is not `key=value`.
    #[error("--set {0}: expected KEY=VALUE, such as --set training.learning_rate=0.0003")]
    Override(String),
    /// A recipe that cannot be written.
    #[error("cannot write the recipe: {0}")]
    Write(String),
    /// A validation split that cannot be made.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
}
