//! What a sweep found, in words: its sentences with the measured figures in their places.

use minijinja::context;

use super::wording::than;
use super::{Cell, Label, Results, Split, Sweep};
use crate::{Language, number};

/// The placeholders that need neither pick nor comparison: how many cells there are, the ends of their
/// accuracies, and how many images were measured on and validated on.
const GENERAL: [&str; 5] = ["cells", "lowest", "highest", "images", "validation"];

/// The names between braces.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}

impl Sweep {
    /// Whether a placeholder of this name can be filled in: a comparison, a pick (its labels), its
    /// accuracy, or its label on one axis.
    pub(super) fn knows(&self, name: &str) -> bool {
        let (pick, part) = name.split_once('.').unwrap_or((name, ""));
        let of_pick = || matches!(part, "" | "accuracy") || self.axis(part).is_some();
        GENERAL.contains(&name)
            || self.compare.contains_key(name)
            || self.pick.contains_key(pick) && of_pick()
    }

    /// What a cell's value on an axis is called.
    pub(super) fn label(&self, axis: usize, cell: &Cell, language: Language) -> String {
        let (Some(axis), Some(place)) = (self.axis.get(axis), cell.at.get(axis)) else {
            return String::new();
        };
        let text = match axis.label.pick(language) {
            Label::All(pattern) => Some(pattern),
            Label::Each(labels) => labels.get(*place),
        };
        let value = axis.values.get(*place).map(ToString::to_string);
        let text = text.map_or("", String::as_str);
        text.replace("{}", value.unwrap_or_default().trim_matches('"'))
            .replace("{values}", &cell.values.to_string())
    }

    /// What a cell is called: its labels on `axes`.
    pub(super) fn name(
        &self,
        axes: impl Iterator<Item = usize>,
        cell: &Cell,
        language: Language,
    ) -> String {
        let labels = axes.map(|axis| self.label(axis, cell, language));
        let labels: Vec<_> = labels.filter(|label| !label.is_empty()).collect();
        labels.join(language.pick(", ", "，"))
    }

    /// The images that are measured on, in words.
    pub(super) fn measured_on(&self, language: Language) -> &'static str {
        match self.measure {
            Split::Test => language.pick("test", "测试"),
            Split::Validation => language.pick("validation", "验证"),
        }
    }
}

impl Results {
    /// What was found, and what the numbers in brackets are.
    #[must_use]
    pub fn finding(&self, language: Language) -> String {
        let clauses = self.sweep.finding.pick(language).iter();
        let clauses = clauses.filter_map(|clause| self.fill(clause, language));
        let clauses: Vec<String> = clauses.collect();
        self.words(context! { say => "finding", clauses }, language)
    }

    /// `template` with the figures in their places; none where one of them is about what was not
    /// measured.
    fn fill(&self, template: &str, language: Language) -> Option<String> {
        let mut text = template.to_owned();
        for name in placeholders(template) {
            text = text.replace(&format!("{{{name}}}"), &self.figure(name, language)?);
        }
        Some(text)
    }

    fn figure(&self, name: &str, language: Language) -> Option<String> {
        if let Some(comparison) = self.outcome.comparisons.get(name) {
            let what = self.fill(self.sweep.compare.get(name)?.than.pick(language), language)?;
            return Some(than(language, comparison, &what));
        }
        let cells = &self.outcome.cells;
        let accuracies = || cells.iter().map(|cell| cell.accuracy.mean);
        match name {
            "cells" => return Some(number::count(cells.len())),
            "lowest" => return Some(number::percent(accuracies().reduce(f64::min)?, language)),
            "highest" => return Some(number::percent(accuracies().reduce(f64::max)?, language)),
            "images" => return Some(number::count(cells.first()?.measured_on)),
            "validation" => return Some(number::count(cells.first()?.validated_on)),
            _ => {}
        }
        let (pick, part) = name.split_once('.').unwrap_or((name, ""));
        let cell = cells.get(*self.outcome.picks.get(pick)?)?;
        match part {
            "" => Some(self.sweep.name(0..cell.at.len(), cell, language)),
            "accuracy" => Some(number::percent(cell.accuracy.mean, language)),
            axis => Some(self.sweep.label(self.sweep.axis(axis)?, cell, language)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::fixture::results;

    #[test]
    fn figures_stand_in_their_places() {
        let results = results();
        let finding = results.finding(Language::En);
        for part in [
            "Of 2 pairs of learning rate and batch size, whose test accuracies lie between 50.00\u{a0}% and 75.00\u{a0}%, batch size 128, learning rate 0.003 does best",
            "it gives 75.00\u{a0}%, which is 25.00 percentage points more than the 50.00\u{a0}% of the seed recipe (batch size 32, learning rate 0.001) (",
            "). In brackets: 95 % intervals over 1,000 test images",
        ] {
            assert!(finding.contains(part), "{part} is missing in {finding}");
        }
        let finding = results.finding(Language::Zh);
        let part = "批大小 128，学习率 0.003 在验证图片上表现最好，测试准确率为 75.00%，比种子配方（批大小 32，学习率 0.001）的 50.00% 高 25.00 个百分点（";
        assert!(finding.contains(part), "{finding}");
    }

    #[test]
    fn a_clause_about_nothing_is_left_out() {
        let mut results = results();
        results.sweep.finding.en.push("again {best}".into());
        assert!(
            results
                .finding(Language::En)
                .contains("; again batch size 128")
        );
        results.outcome.comparisons.clear();
        let finding = results.finding(Language::En);
        assert_eq!(finding, "again batch size 128, learning rate 0.003.");
        results.outcome.picks.insert("best".into(), 9);
        let finding = results.finding(Language::En);
        assert_eq!(finding, "The images were too few to compare anything.");
    }
}
