//! How effects are put into words, in both languages: by what the numbers say, whatever that is.

use crate::Language;
use crate::difference::{Difference, Verdict};
use crate::estimate::Estimate;

/// An effect to be told.
pub(super) struct Effect {
    estimate: Estimate,
    p: Option<f64>,
    verdict: Verdict,
}

impl From<&Difference> for Effect {
    fn from(difference: &Difference) -> Self {
        Self {
            estimate: difference.accuracy,
            p: Some(difference.p),
            verdict: difference.verdict(),
        }
    }
}

impl From<&Estimate> for Effect {
    fn from(estimate: &Estimate) -> Self {
        Self {
            estimate: *estimate,
            p: None,
            verdict: match estimate {
                Estimate { low, .. } if *low > 0.0 => Verdict::Better,
                Estimate { high, .. } if *high < 0.0 => Verdict::Worse,
                _ => Verdict::Unclear,
            },
        }
    }
}

/// `2.10 percentage points more than ...`, to follow "which is" in English and to stand for itself
/// in Chinese.
pub(super) fn than(language: Language, effect: impl Into<Effect>, what: &str) -> String {
    let effect = effect.into();
    let (size, evidence) = (size(&effect), evidence(language, &effect));
    let what = &*spaced(language, what);
    match (language, effect.verdict) {
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

/// A text to stand between Chinese characters: apart from them where it begins or ends in Latin.
pub(super) fn spaced(language: Language, text: &str) -> String {
    let space = |end: Option<char>| match end {
        Some(end) if language == Language::Zh && end.is_ascii_alphanumeric() => " ",
        _ => "",
    };
    let (first, last) = (text.chars().next(), text.chars().next_back());
    format!("{}{text}{}", space(first), space(last))
}

/// What is in the brackets of [`than`], for the end of a sentence.
pub(super) fn method(language: Language, difference: &Difference) -> String {
    let (images, trainings) = (count(difference.images), difference.pairs.len());
    let test = spaced(language, difference.test_name(language));
    let over = match trainings {
        0 | 1 => language.pick(
            format!("{images} test images"),
            format!("{images} 张测试图片"),
        ),
        _ => language.pick(
            format!("{images} test images and {trainings} trainings"),
            format!("{images} 张测试图片、{trainings} 次训练"),
        ),
    };
    language.pick(
        format!(" (in brackets: the 95 % interval over {over}, and p of {test} on them)"),
        format!("（括号内为 {over}上的 95% 置信区间及{test}的 p 值）"),
    )
}

/// The size of an effect in percentage points; with its sign only where its direction is not clear.
fn size(effect: &Effect) -> String {
    match effect.verdict {
        Verdict::Unclear => signed(effect.estimate.mean),
        Verdict::Better | Verdict::Worse => format!("{:.2}", 100.0 * effect.estimate.mean.abs()),
    }
}

/// The interval, turned so that it goes with the size, and p.
fn evidence(language: Language, effect: &Effect) -> String {
    let Estimate { low, high, .. } = effect.estimate;
    let (low, high) = match effect.verdict {
        Verdict::Worse => (-high, -low),
        Verdict::Better | Verdict::Unclear => (low, high),
    };
    let (low, high) = (plain(low), plain(high));
    let interval = language.pick(format!("{low} to {high}"), format!("{low} 至 {high}"));
    match effect.p {
        Some(p) => format!("{interval}{}{}", language.pick(", ", "，"), probability(p)),
        None => interval,
    }
}

fn probability(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".into()
    } else {
        format!("p = {p:.3}")
    }
}

/// Percentage points with a minus where there is one.
fn plain(share: f64) -> String {
    format!("{:.2}", hundredths(share)).replace('-', "\u{2212}")
}

/// Percentage points with plus or minus.
fn signed(share: f64) -> String {
    format!("{:+.2}", hundredths(share)).replace('-', "\u{2212}")
}

/// A share in percent to two decimals, where nothing is not less than nothing.
fn hundredths(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0 + 0.0
}

/// `10000` as `10,000`.
pub(super) fn count(n: impl TryInto<u64>) -> String {
    let digits = n.try_into().unwrap_or_default().to_string();
    let groups: Vec<String> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(",")
}

/// The finding of a lab whose images were too few to compare anything.
pub(super) fn nothing(language: Language) -> String {
    language
        .pick(
            "The images were too few to compare anything.",
            "图片数量太少，无法进行任何比较。",
        )
        .into()
}

#[cfg(test)]
pub(super) mod tests;
