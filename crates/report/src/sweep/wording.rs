//! How comparisons are put into words, in both languages: by what the numbers say, whatever that is.

use super::{Comparison, Results};
use crate::difference::Verdict;
use crate::{Estimate, Language, number};

/// `2.10 percentage points more than ...`, to follow "which is" in English and to stand for itself
/// in Chinese.
pub(super) fn than(language: Language, comparison: &Comparison, what: &str) -> String {
    let (Estimate { mean, low, high }, verdict) = match comparison {
        Comparison::Paired(difference) => (difference.accuracy, difference.verdict()),
        Comparison::Halves(estimate) => (*estimate, Verdict::of(*estimate)),
    };
    // Sizes have a sign only where their direction is not clear.
    let (size, low, high) = match verdict {
        Verdict::Worse => (points(-mean), -high, -low),
        Verdict::Unclear if !points(mean).starts_with('\u{2212}') => {
            (format!("+{}", points(mean)), low, high)
        }
        Verdict::Better | Verdict::Unclear => (points(mean), low, high),
    };
    let (low, high) = (points(low), points(high));
    let p = match comparison {
        Comparison::Paired(difference) if difference.p < 0.001 => Some("p < 0.001".into()),
        Comparison::Paired(difference) => Some(format!("p = {:.3}", difference.p)),
        Comparison::Halves(_) => None,
    };
    let p = p.map_or(String::new(), |p: String| {
        language.pick(", ", "，").to_owned() + &p
    });
    let evidence = language.pick(format!("{low} to {high}{p}"), format!("{low} 至 {high}{p}"));
    let what = spaced(language, what);
    match (language, verdict) {
        (Language::En, Verdict::Better) => {
            format!("{size} percentage points more than {what} ({evidence})")
        }
        (Language::En, Verdict::Worse) => {
            format!("{size} percentage points less than {what} ({evidence})")
        }
        (Language::En, Verdict::Unclear) => {
            format!("not clearly different from {what} ({size} percentage points, {evidence})")
        }
        (Language::Zh, Verdict::Better) => format!("比{what}高 {size} 个百分点（{evidence}）"),
        (Language::Zh, Verdict::Worse) => format!("比{what}低 {size} 个百分点（{evidence}）"),
        (Language::Zh, Verdict::Unclear) => {
            format!("与{what}没有明显差异（{size} 个百分点，{evidence}）")
        }
    }
}

/// What is in the brackets of [`than`], as a sentence of its own; nothing where nothing was compared.
pub(super) fn method(language: Language, results: &Results) -> String {
    let outcome = &results.outcome;
    let Some(cell) = outcome
        .cells
        .first()
        .filter(|_| !outcome.comparisons.is_empty())
    else {
        return String::new();
    };
    let (images, split) = (
        number::count(cell.measured_on),
        results.sweep.measured_on(language),
    );
    let over = match cell.trainings.len() {
        0 | 1 => language.pick(
            format!("{images} {split} images"),
            format!("{images} 张{split}图片"),
        ),
        trainings => language.pick(
            format!("{images} {split} images and {trainings} trainings"),
            format!("{images} 张{split}图片、{trainings} 次训练"),
        ),
    };
    let test = outcome
        .comparisons
        .values()
        .find_map(|comparison| match comparison {
            Comparison::Paired(difference) => {
                Some(spaced(language, difference.test_name(language)))
            }
            Comparison::Halves(_) => None,
        });
    let test = test.map_or(String::new(), |test| {
        language.pick(format!(", and p of {test}"), format!("，及{test}的 p 值"))
    });
    language.pick(
        format!(" In brackets: 95 % intervals over {over}{test}."),
        format!("括号内为 {over}上的 95% 置信区间{test}。"),
    )
}

/// A text to stand between Chinese characters: apart from them where it begins or ends in Latin.
fn spaced(language: Language, text: &str) -> String {
    let space = |end: Option<char>| match end {
        Some(end) if language == Language::Zh && end.is_ascii_alphanumeric() => " ",
        _ => "",
    };
    let (first, last) = (text.chars().next(), text.chars().next_back());
    format!("{}{text}{}", space(first), space(last))
}

/// A share in percentage points to two decimals, with a minus where that is less than nothing.
fn points(share: f64) -> String {
    let rounded = (share * 10_000.0).round() / 100.0 + 0.0;
    format!("{rounded:.2}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests;
