//! The run that a page is about: what its record says in fewer words.

use toml::Value;

use crate::Language;
use crate::record::{Part, Record};

/// A run, for a page in a language.
pub(super) struct Run<'a> {
    pub(super) record: &'a Record,
    pub(super) language: Language,
}

impl Run<'_> {
    /// The folder's name, without the path that leads to it.
    pub(super) fn name(&self) -> String {
        let name = self.record.folder.file_name();
        name.map_or_else(
            || self.record.manifest.recipe.clone(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// How many weights and biases became of a kind.
    pub(super) fn parameters(&self, part: Part) -> u64 {
        let layers = self.record.manifest.layers.iter();
        let those = layers.filter(|layer| layer.part == part);
        those.map(|layer| layer.parameters).sum()
    }

    /// How many features an image has: what the head's first layer hands on.
    pub(super) fn features(&self) -> usize {
        let mut layers = self.record.manifest.layers.iter();
        let head = layers.find(|layer| layer.part == Part::Grafted && layer.output.is_some());
        let output = head.and_then(|head| head.output.as_ref());
        output.map_or(0, |output| output.iter().product())
    }
}

/// A value of a recipe as a person writes it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Float(value) => crate::number::setting(*value),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An argument as a shell takes it.
pub(super) fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_where_a_shell_needs_it() {
        for (argument, text) in [
            ("training.epochs=3", "training.epochs=3"),
            ("two words", "'two words'"),
            ("", "''"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(quoted(argument), text);
        }
    }
}
