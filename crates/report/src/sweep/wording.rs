//! What labs found in words, by what the numbers say, whatever that is: `words.en.md` and
//! `words.zh.md`, a template each.

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::{Comparison, Results};
use crate::difference::Verdict;
use crate::template::fill;
use crate::{Estimate, Language};

impl Results {
    /// What the name `say` of `context` asks for.
    pub(super) fn words(&self, context: Value, language: Language) -> String {
        let split = self.sweep.measured_on(language);
        let results = context! { split, ..Value::from(Serde(self)) };
        let context = context! { ..context, ..results };
        words(&context, language)
    }
}

/// `2.10 percentage points more than ...`, to follow "which is" in English and to stand for itself
/// in Chinese.
pub(super) fn than(language: Language, comparison: &Comparison, what: &str) -> String {
    let (Estimate { mean, low, high }, verdict, p) = match comparison {
        Comparison::Paired(difference) => (
            difference.accuracy,
            difference.verdict(),
            Some(difference.p),
        ),
        Comparison::Halves(estimate) => (*estimate, Verdict::of(*estimate), None),
    };
    // Sizes have a sign only where their direction is not clear.
    let [mean, low, high] = match verdict {
        Verdict::Worse => [-mean, -high, -low],
        Verdict::Better | Verdict::Unclear => [mean, low, high],
    };
    let what = language.pick(what.to_owned(), spaced(what));
    let verdict = Serde(verdict);
    words(
        &context! { say => "than", verdict, mean, low, high, p, what },
        language,
    )
}

fn words(context: &Value, language: Language) -> String {
    let template = language.pick(include_str!("words.en.md"), include_str!("words.zh.md"));
    fill(template, context, language)
}

/// A text to stand between Chinese characters: apart from them where it begins or ends in Latin.
fn spaced(text: &str) -> String {
    let space = |end: Option<char>| match end {
        Some(end) if end.is_ascii_alphanumeric() => " ",
        _ => "",
    };
    let (first, last) = (text.chars().next(), text.chars().next_back());
    format!("{}{text}{}", space(first), space(last))
}

#[cfg(test)]
mod tests;
