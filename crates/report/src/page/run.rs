//! The run that a page is about, with what several of its parts need.

use toml::Value;

use super::block::Block;
use crate::recipe::flat;
use crate::record::{Part as Fate, Record, Tested};
use crate::{Evaluation, Interval, Language, number};

/// A run in a language.
pub(super) struct Run<'a> {
    /// Its record.
    pub(super) record: &'a Record,
    /// The page's language.
    pub(super) language: Language,
    /// The values of its recipe, by their keys in full.
    pub(super) recipe: Vec<(String, &'a Value)>,
    /// The kept head on the training images.
    pub(super) train: Option<Evaluation>,
    /// The kept head on the held-out images.
    pub(super) validation: Option<Evaluation>,
}

impl<'a> Run<'a> {
    pub(super) fn new(record: &'a Record, language: Language) -> Self {
        let validation = record.validation.as_ref();
        Self {
            record,
            language,
            recipe: flat(&record.recipe),
            train: record.train.evaluate().ok(),
            validation: validation.and_then(|split| split.evaluate().ok()),
        }
    }

    /// The evaluation on the test images, once there is one.
    pub(super) fn test(&self) -> Option<&'a Tested> {
        self.record.test.as_ref()
    }

    /// Its figures.
    pub(super) fn tested(&self) -> Option<&'a Evaluation> {
        self.test().map(|test| &test.evaluated.evaluation)
    }

    /// The one of two texts that is in the page's language.
    pub(super) fn pick<T>(&self, en: T, zh: T) -> T {
        self.language.pick(en, zh)
    }

    /// A heading in the page's language.
    pub(super) fn heading(&self, en: &str, zh: &str) -> Block {
        Block::Heading(self.pick(en, zh).to_owned())
    }

    /// A paragraph in the page's language.
    pub(super) fn text<T: Into<String>>(&self, en: T, zh: T) -> Block {
        Block::Text(self.pick(en, zh).into())
    }

    pub(super) fn percent(&self, share: f64) -> String {
        number::percent(share, self.language)
    }

    pub(super) fn range(&self, interval: Interval) -> String {
        number::range(interval, self.language)
    }

    pub(super) fn seconds(&self, seconds: f64) -> String {
        number::seconds(seconds, self.language)
    }

    /// Accuracy with its interval.
    pub(super) fn accuracy(&self, evaluation: &Evaluation) -> String {
        let accuracy = self.percent(evaluation.accuracy);
        let interval = self.range(evaluation.interval);
        self.pick(
            format!("{accuracy} (95 % interval {interval})"),
            format!("{accuracy}（95% 置信区间 {interval}）"),
        )
    }

    /// A value of the recipe by its key.
    pub(super) fn setting(&self, key: &str) -> Option<&'a Value> {
        let (_, value) = self.recipe.iter().find(|(name, _)| name == key)?;
        Some(*value)
    }

    /// A text of the recipe; empty where it has none.
    pub(super) fn word(&self, key: &str) -> &'a str {
        let value = self.setting(key).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// A whole number of the recipe.
    pub(super) fn whole(&self, key: &str) -> Option<u64> {
        self.setting(key)?.as_integer()?.try_into().ok()
    }

    /// The boundary as a person writes it.
    pub(super) fn boundary(&self) -> String {
        crate::chart::block_name(self.word("backbone.boundary"), self.language)
    }

    /// Whether the images are MNIST's.
    pub(super) fn is_mnist(&self) -> bool {
        self.record.manifest.data.is_mnist()
    }

    /// The folder's name, without the path that leads to it.
    pub(super) fn name(&self) -> String {
        let name = self.record.folder.file_name();
        name.map_or_else(
            || self.record.manifest.recipe.clone(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// How many weights and biases met a fate.
    pub(super) fn parameters(&self, fate: Fate) -> u64 {
        let layers = self.record.manifest.layers.iter();
        let met = layers.filter(|layer| layer.part == fate);
        met.map(|layer| layer.parameters).sum()
    }

    /// Whether blocks were trained with the head.
    pub(super) fn trains_blocks(&self) -> bool {
        self.parameters(Fate::Trained) > 0
    }

    /// How many features an image has: what the head's first layer hands on.
    pub(super) fn features(&self) -> Option<usize> {
        let mut layers = self.record.manifest.layers.iter();
        let head = layers.find(|layer| layer.part == Fate::Grafted && layer.output.is_some())?;
        Some(head.output.as_ref()?.iter().product())
    }

    /// `cargo xtask VERB` for this run.
    pub(super) fn command(&self, verb: &str) -> String {
        format!("cargo xtask {verb} {}", quoted(&self.name()))
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
