//! The run that a page is about, with what several of its parts need.

use toml::Value;

use super::block::Block;
use crate::record::{Part as Fate, Record, Tested};
use crate::{Evaluation, Language, number};

/// A run in a language.
pub(super) struct Run<'a> {
    /// Its record.
    pub(super) record: &'a Record,
    /// The page's language.
    pub(super) language: Language,
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
            train: record.train.evaluate().ok(),
            validation: validation.and_then(|split| split.evaluate().ok()),
        }
    }

    /// The evaluation on the test images, once there is one.
    pub(super) fn test(&self) -> Option<&'a Tested> {
        self.record.test.as_ref()
    }

    /// The one of two texts that is in the page's language.
    pub(super) fn pick<T>(&self, en: T, zh: T) -> T {
        self.language.pick(en, zh)
    }

    /// A heading in the page's language.
    pub(super) fn heading(&self, en: &str, zh: &str) -> Block {
        Block::Heading(self.pick(en, zh).to_owned())
    }

    pub(super) fn percent(&self, share: f64) -> String {
        number::percent(share, self.language)
    }

    pub(super) fn seconds(&self, seconds: f64) -> String {
        number::seconds(seconds, self.language)
    }

    /// Accuracy with its interval.
    pub(super) fn accuracy(&self, evaluation: &Evaluation) -> String {
        let (accuracy, interval) = (
            self.percent(evaluation.accuracy),
            number::range(evaluation.interval, self.language),
        );
        self.pick(
            format!("{accuracy} (95 % interval {interval})"),
            format!("{accuracy}（95% 置信区间 {interval}）"),
        )
    }

    /// A recipe's setting by its dotted name.
    pub(super) fn setting(&self, name: &str) -> Option<&Value> {
        let mut parts = name.split('.');
        let first = self.record.recipe.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// A text of the recipe; empty where it has none.
    pub(super) fn word(&self, name: &str) -> &str {
        self.setting(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A whole number of the recipe.
    pub(super) fn whole(&self, name: &str) -> Option<u64> {
        self.setting(name)?.as_integer()?.try_into().ok()
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
        layers
            .filter(|layer| layer.part == fate)
            .map(|layer| layer.parameters)
            .sum()
    }

    /// How many features an image has: what the head's first layer hands on.
    pub(super) fn features(&self) -> Option<usize> {
        let layers = self.record.manifest.layers.iter();
        let head = layers.filter(|layer| layer.part == Fate::Grafted);
        head.filter_map(|layer| layer.output.as_ref())
            .map(|sizes| sizes.iter().product())
            .next()
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
