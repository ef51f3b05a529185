//! What can be wrong with a recipe or an override.

use std::path::PathBuf;

/// Why a recipe cannot be used. An origin is the file or the override that is wrong.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum RecipeError {
    /// No recipe, or no lab, of that name.
    #[error("no {what} `{name}`: expected one of {known}, or the path of a .toml file")]
    Unknown {
        what: &'static str,
        name: String,
        known: String,
    },
    /// A file name that cannot become a part of a folder's.
    #[error("the recipe's name {name:?} becomes a part of its runs' names: expected 1 to {most} bytes without control characters, found {found}; rename the file", most = crate::name::MOST_BYTES)]
    Name { name: String, found: String },
    /// A file that cannot be read.
    #[error("cannot read {what} {}: {source}; give a {what}'s name or the path of a .toml file", path.display())]
    Read {
        what: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// A recipe file that is not TOML.
    #[error("{origin} is not TOML: {reason}")]
    Syntax { origin: String, reason: String },
    /// A key that no recipe has, and the nearest one that there is.
    #[error("{origin}: unknown key `{key}`{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    UnknownKey {
        origin: String,
        key: String,
        suggestion: Option<String>,
    },
    /// A key of earlier versions, and what to write instead.
    #[error("{origin}: `{key}` is a key of earlier versions; write {instead}")]
    Replaced {
        origin: String,
        key: String,
        instead: &'static str,
    },
    /// A value of the wrong type, or not one of the choices.
    #[error("{origin}: {reason}")]
    Type { origin: String, reason: String },
    /// A value that no run can use.
    #[error("recipe key {key}: expected {expected}, found {found}")]
    Value {
        key: &'static str,
        expected: String,
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
